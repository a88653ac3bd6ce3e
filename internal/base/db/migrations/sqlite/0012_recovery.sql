-- +goose Up
-- Code words: argon2id over the normalised word, sealed for its client (class secret).
CREATE TABLE code_word (
  client INTEGER NOT NULL PRIMARY KEY,
  hash   BLOB NOT NULL,
  set_us INTEGER NOT NULL
) STRICT;
-- What staff heard on the phone: yes or no, never the word. A yes allows its
-- member of staff one act for this client within minutes.
CREATE TABLE code_word_check (
  client  INTEGER NOT NULL,
  id      BLOB NOT NULL,
  staff   TEXT NOT NULL,
  fits    INTEGER NOT NULL,
  made_us INTEGER NOT NULL,
  used_us INTEGER,
  PRIMARY KEY (client, id)
) STRICT;
-- A factor was changed or the client said «Это не я»: reduced limits until then
-- (business time).
CREATE TABLE client_risk (
  client     INTEGER NOT NULL PRIMARY KEY,
  why        TEXT NOT NULL,
  reduced_us INTEGER NOT NULL
) STRICT;
-- What a client is told about the ways into his account. details are sealed
-- (class pii); the answer «Это не я» is a bearer that refers to the row.
CREATE TABLE access_alert (
  client   INTEGER NOT NULL,
  id       BLOB NOT NULL,
  kind     TEXT NOT NULL,
  device   BLOB,
  details  BLOB NOT NULL,
  made_us  INTEGER NOT NULL,
  ends_us  INTEGER NOT NULL,
  denied_us INTEGER,
  seen_us  INTEGER,
  PRIMARY KEY (client, id)
) STRICT;
CREATE INDEX access_alert_ends ON access_alert (ends_us);
-- A code sent to a session for one change of a factor.
CREATE TABLE factor_code (
  client  INTEGER NOT NULL,
  session BLOB NOT NULL,
  purpose INTEGER NOT NULL,
  code    BLOB,
  code_us INTEGER NOT NULL,
  sent_us INTEGER NOT NULL,
  PRIMARY KEY (client, session, purpose)
) STRICT;
CREATE INDEX factor_code_ends ON factor_code (code_us);
-- A forgotten passcode: started by the contact centre, ended by the client.
CREATE TABLE recovery (
  client   INTEGER NOT NULL,
  id       BLOB NOT NULL,
  state    INTEGER NOT NULL,
  staff    TEXT NOT NULL,
  made_us  INTEGER NOT NULL,
  ready_us INTEGER NOT NULL,
  ends_us  INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
-- A new number: proposed and approved by two members of staff, ended by the
-- client. The phones are sealed (class pii), its hash finds it.
CREATE TABLE number_change (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  state      INTEGER NOT NULL,
  phone_hash BLOB NOT NULL,
  phone      BLOB NOT NULL,
  old_phone  BLOB, -- the one before, kept
  staff      TEXT NOT NULL,
  second     TEXT NOT NULL,
  made_us    INTEGER NOT NULL,
  ready_us   INTEGER NOT NULL,
  ends_us    INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
CREATE INDEX number_change_phone ON number_change (phone_hash, client);
-- Requests to delete what the law lets us delete.
CREATE TABLE deletion_request (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  state      INTEGER NOT NULL,
  made_us    INTEGER NOT NULL,
  answer_us  INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
CREATE INDEX deletion_request_open ON deletion_request (state, answer_us);
-- Who froze a card decides who may unfreeze it.
ALTER TABLE card ADD COLUMN frozen_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN frozen_us INTEGER NOT NULL DEFAULT 0;
