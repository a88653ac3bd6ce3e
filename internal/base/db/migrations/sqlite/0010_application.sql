-- +goose Up
-- Questionnaires. The person is ciphertext (class pii), the code word too
-- (class secret) until the application is decided. The table application of
-- the short registration stays for the previous release.
CREATE TABLE card_application (
  id           BLOB NOT NULL PRIMARY KEY,
  state        INTEGER NOT NULL,
  lang         TEXT NOT NULL,
  phone_hash   BLOB NOT NULL,
  phone        BLOB NOT NULL,
  person       BLOB NOT NULL,
  word         BLOB,          -- code word; NULL before it is chosen and after the decision
  note         BLOB,          -- what the manager asked for or decided
  client       INTEGER,       -- an old client who fills it in, or the new one
  twin         BLOB,          -- the live application with the same passport, if this one came second
  staff        TEXT NOT NULL, -- reference of the manager who took it; empty: nobody
  staff_name   TEXT NOT NULL,
  no_answers   INTEGER NOT NULL,
  promised_us  INTEGER NOT NULL,
  call_us      INTEGER NOT NULL, -- not to be called before
  created_us   INTEGER NOT NULL,
  changed_us   INTEGER NOT NULL,
  submitted_us INTEGER NOT NULL,
  decided_us   INTEGER NOT NULL,
  met_us       INTEGER NOT NULL
) STRICT;
CREATE INDEX card_application_phone ON card_application (phone_hash, created_us);
CREATE INDEX card_application_queue ON card_application (state, promised_us);
CREATE INDEX card_application_client ON card_application (client) WHERE client IS NOT NULL;
CREATE INDEX card_application_twin ON card_application (twin) WHERE twin IS NOT NULL;
-- Alias: keyed hashes (phone, passport) of whoever has a live application.
CREATE TABLE card_application_live (
  hash        BLOB NOT NULL PRIMARY KEY,
  application BLOB NOT NULL
) STRICT;
CREATE INDEX card_application_live_of ON card_application_live (application);
-- Alias: keyed hash of a browser's ticket to the status page.
CREATE TABLE card_application_ticket (
  hash        BLOB NOT NULL PRIMARY KEY,
  application BLOB NOT NULL,
  until_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX card_application_ticket_until ON card_application_ticket (until_us);
CREATE TABLE card_application_page (
  application BLOB NOT NULL,
  page        INTEGER NOT NULL,
  scan        BLOB NOT NULL,
  same_as     INTEGER NOT NULL, -- another page with the same picture; 0: none
  at_us       INTEGER NOT NULL,
  PRIMARY KEY (application, page)
) STRICT;
CREATE TABLE card_application_call (
  application BLOB NOT NULL,
  id          BLOB NOT NULL,
  staff       TEXT NOT NULL,
  staff_name  TEXT NOT NULL,
  outcome     INTEGER NOT NULL, -- 0: under way
  again_us    INTEGER NOT NULL, -- call back at
  note        BLOB,
  begun_us    INTEGER NOT NULL,
  ended_us    INTEGER NOT NULL,
  PRIMARY KEY (application, id)
) STRICT;
-- Every consent ever given or taken back, with the version of its text.
CREATE TABLE consent (
  id          BLOB NOT NULL PRIMARY KEY,
  application BLOB NOT NULL,
  client      INTEGER,
  kind        TEXT NOT NULL,
  version     TEXT NOT NULL,
  given       INTEGER NOT NULL,
  at_us       INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_application ON consent (application, at_us);
CREATE INDEX consent_client ON consent (client, at_us) WHERE client IS NOT NULL;
-- Pictures of papers, ciphertext (class scan), owned by an application.
CREATE TABLE scan (
  owner      BLOB NOT NULL,
  id         BLOB NOT NULL,
  kind       TEXT NOT NULL, -- what was sent: jpeg, png, heic, pdf
  width      INTEGER NOT NULL,
  height     INTEGER NOT NULL,
  sharpness  INTEGER NOT NULL,
  look       INTEGER NOT NULL, -- perceptual hash
  picture    BLOB NOT NULL,
  thumb      BLOB NOT NULL,
  client     INTEGER,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (owner, id)
) STRICT;
-- What the bank knows of a client as a person; each version is kept.
CREATE TABLE client_person (
  client  INTEGER NOT NULL,
  version INTEGER NOT NULL,
  person  BLOB NOT NULL,
  source  TEXT NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (client, version)
) STRICT;
-- Alias: keyed hash of a passport. Unique over all clients.
CREATE TABLE client_passport (
  hash   BLOB NOT NULL PRIMARY KEY,
  client INTEGER NOT NULL
) STRICT;
CREATE INDEX client_passport_of ON client_passport (client);
