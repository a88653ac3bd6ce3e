-- +goose Up
-- Questionnaires. The person is ciphertext (class pii), the code word too
-- (class secret) until the application is decided. The table application of
-- the short registration stays for the previous release.
CREATE TABLE card_application (
  id           BYTEA NOT NULL PRIMARY KEY,
  state        BIGINT NOT NULL,
  lang         TEXT NOT NULL,
  phone_hash   BYTEA NOT NULL,
  phone        BYTEA NOT NULL,
  person       BYTEA NOT NULL,
  word         BYTEA,          -- code word; NULL before it is chosen and after the decision
  note         BYTEA,          -- what the manager asked for or decided
  client       BIGINT,       -- an old client who fills it in, or the new one
  twin         BYTEA,          -- the live application with the same passport, if this one came second
  staff        TEXT NOT NULL, -- reference of the manager who took it; empty: nobody
  staff_name   TEXT NOT NULL,
  no_answers   BIGINT NOT NULL,
  promised_us  BIGINT NOT NULL,
  call_us      BIGINT NOT NULL, -- not to be called before
  created_us   BIGINT NOT NULL,
  changed_us   BIGINT NOT NULL,
  submitted_us BIGINT NOT NULL,
  decided_us   BIGINT NOT NULL,
  met_us       BIGINT NOT NULL
);
CREATE INDEX card_application_phone ON card_application (phone_hash, created_us);
CREATE INDEX card_application_queue ON card_application (state, promised_us);
CREATE INDEX card_application_client ON card_application (client) WHERE client IS NOT NULL;
CREATE INDEX card_application_twin ON card_application (twin) WHERE twin IS NOT NULL;
-- Alias: keyed hashes (phone, passport) of whoever has a live application.
CREATE TABLE card_application_live (
  hash        BYTEA NOT NULL PRIMARY KEY,
  application BYTEA NOT NULL
);
CREATE INDEX card_application_live_of ON card_application_live (application);
-- Alias: keyed hash of a browser's ticket to the status page.
CREATE TABLE card_application_ticket (
  hash        BYTEA NOT NULL PRIMARY KEY,
  application BYTEA NOT NULL,
  until_us    BIGINT NOT NULL
);
CREATE INDEX card_application_ticket_until ON card_application_ticket (until_us);
CREATE TABLE card_application_page (
  application BYTEA NOT NULL,
  page        BIGINT NOT NULL,
  scan        BYTEA NOT NULL,
  same_as     BIGINT NOT NULL, -- another page with the same picture; 0: none
  at_us       BIGINT NOT NULL,
  PRIMARY KEY (application, page)
);
CREATE TABLE card_application_call (
  application BYTEA NOT NULL,
  id          BYTEA NOT NULL,
  staff       TEXT NOT NULL,
  staff_name  TEXT NOT NULL,
  outcome     BIGINT NOT NULL, -- 0: under way
  again_us    BIGINT NOT NULL, -- call back at
  note        BYTEA,
  begun_us    BIGINT NOT NULL,
  ended_us    BIGINT NOT NULL,
  PRIMARY KEY (application, id)
);
-- Every consent ever given or taken back, with the version of its text.
CREATE TABLE consent (
  id          BYTEA NOT NULL PRIMARY KEY,
  application BYTEA NOT NULL,
  client      BIGINT,
  kind        TEXT NOT NULL,
  version     TEXT NOT NULL,
  given       BOOLEAN NOT NULL,
  at_us       BIGINT NOT NULL
);
CREATE INDEX consent_application ON consent (application, at_us);
CREATE INDEX consent_client ON consent (client, at_us) WHERE client IS NOT NULL;
-- Pictures of papers, ciphertext (class scan), owned by an application.
CREATE TABLE scan (
  owner      BYTEA NOT NULL,
  id         BYTEA NOT NULL,
  kind       TEXT NOT NULL, -- what was sent: jpeg, png, heic, pdf
  width      BIGINT NOT NULL,
  height     BIGINT NOT NULL,
  sharpness  BIGINT NOT NULL,
  look       BIGINT NOT NULL, -- perceptual hash
  picture    BYTEA NOT NULL,
  thumb      BYTEA NOT NULL,
  client     BIGINT,
  created_us BIGINT NOT NULL,
  PRIMARY KEY (owner, id)
);
-- What the bank knows of a client as a person; each version is kept.
CREATE TABLE client_person (
  client  BIGINT NOT NULL,
  version BIGINT NOT NULL,
  person  BYTEA NOT NULL,
  source  TEXT NOT NULL,
  at_us   BIGINT NOT NULL,
  PRIMARY KEY (client, version)
);
-- Alias: keyed hash of a passport. Unique over all clients.
CREATE TABLE client_passport (
  hash   BYTEA NOT NULL PRIMARY KEY,
  client BIGINT NOT NULL
);
CREATE INDEX client_passport_of ON client_passport (client);
