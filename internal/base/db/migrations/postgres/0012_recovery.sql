-- +goose Up
-- Code words: argon2id over the normalised word, sealed for its client (class secret).
CREATE TABLE code_word (
  client BIGINT NOT NULL PRIMARY KEY,
  hash   BYTEA NOT NULL,
  set_us BIGINT NOT NULL
);
-- What staff heard on the phone: yes or no, never the word. A yes allows its
-- member of staff one act for this client within minutes.
CREATE TABLE code_word_check (
  client  BIGINT NOT NULL,
  id      BYTEA NOT NULL,
  staff   TEXT NOT NULL,
  fits    BIGINT NOT NULL,
  made_us BIGINT NOT NULL,
  used_us BIGINT,
  PRIMARY KEY (client, id)
);
-- A factor was changed or the client said «Это не я»: reduced limits until then
-- (business time).
CREATE TABLE client_risk (
  client     BIGINT NOT NULL PRIMARY KEY,
  why        TEXT NOT NULL,
  reduced_us BIGINT NOT NULL
);
-- What a client is told about the ways into his account. details are sealed
-- (class pii); the answer «Это не я» is a bearer that refers to the row.
CREATE TABLE access_alert (
  client   BIGINT NOT NULL,
  id       BYTEA NOT NULL,
  kind     TEXT NOT NULL,
  device   BYTEA,
  details  BYTEA NOT NULL,
  made_us  BIGINT NOT NULL,
  ends_us  BIGINT NOT NULL,
  denied_us BIGINT,
  seen_us  BIGINT,
  PRIMARY KEY (client, id)
);
CREATE INDEX access_alert_ends ON access_alert (ends_us);
-- A code sent to a session for one change of a factor.
CREATE TABLE factor_code (
  client  BIGINT NOT NULL,
  session BYTEA NOT NULL,
  purpose BIGINT NOT NULL,
  code    BYTEA,
  code_us BIGINT NOT NULL,
  sent_us BIGINT NOT NULL,
  PRIMARY KEY (client, session, purpose)
);
CREATE INDEX factor_code_ends ON factor_code (code_us);
-- A forgotten passcode: started by the contact centre, ended by the client.
CREATE TABLE recovery (
  client   BIGINT NOT NULL,
  id       BYTEA NOT NULL,
  state    BIGINT NOT NULL,
  staff    TEXT NOT NULL,
  made_us  BIGINT NOT NULL,
  ready_us BIGINT NOT NULL,
  ends_us  BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
-- A new number: proposed and approved by two members of staff, ended by the
-- client. The phones are sealed (class pii), its hash finds it.
CREATE TABLE number_change (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  state      BIGINT NOT NULL,
  phone_hash BYTEA NOT NULL,
  phone      BYTEA NOT NULL,
  old_phone  BYTEA, -- the one before, kept
  staff      TEXT NOT NULL,
  second     TEXT NOT NULL,
  made_us    BIGINT NOT NULL,
  ready_us   BIGINT NOT NULL,
  ends_us    BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
CREATE INDEX number_change_phone ON number_change (phone_hash, client);
-- Requests to delete what the law lets us delete.
CREATE TABLE deletion_request (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  state      BIGINT NOT NULL,
  made_us    BIGINT NOT NULL,
  answer_us  BIGINT NOT NULL,
  changed_us BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
CREATE INDEX deletion_request_open ON deletion_request (state, answer_us);
-- Who froze a card decides who may unfreeze it.
ALTER TABLE card ADD COLUMN frozen_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN frozen_us BIGINT NOT NULL DEFAULT 0;
