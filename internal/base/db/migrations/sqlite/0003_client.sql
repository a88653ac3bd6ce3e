-- +goose Up
-- Clients. Name, birth date and phone are ciphertext (vault, class pii).
CREATE TABLE client (
  id         INTEGER NOT NULL PRIMARY KEY,
  uid        BLOB NOT NULL,
  name       BLOB NOT NULL,
  born       BLOB NOT NULL,
  phone      BLOB NOT NULL,
  lang       TEXT NOT NULL,
  theme      TEXT NOT NULL,
  state      INTEGER NOT NULL,
  level      INTEGER NOT NULL,
  account    INTEGER NOT NULL,
  created_us INTEGER NOT NULL
) STRICT;
CREATE INDEX client_uid ON client (uid);
-- Alias: keyed hash of a phone. Unique over all clients, so it is no column of client.
CREATE TABLE client_phone (
  hash   BLOB NOT NULL PRIMARY KEY,
  client INTEGER NOT NULL
) STRICT;

-- Cards. The number is ciphertext (class pan), the holder too (class pii).
CREATE TABLE card (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  account    INTEGER NOT NULL,
  product    INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  pan        BLOB NOT NULL,
  first6     TEXT NOT NULL,
  last4      TEXT NOT NULL,
  holder     BLOB NOT NULL,
  exp_year   INTEGER NOT NULL,
  exp_month  INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
CREATE TABLE card_number (
  hash   BLOB NOT NULL PRIMARY KEY,
  client INTEGER NOT NULL,
  card   BLOB NOT NULL
) STRICT;

-- Access. The passcode hash is sealed for its client (class secret).
CREATE TABLE passcode (
  client INTEGER NOT NULL PRIMARY KEY,
  hash   BLOB NOT NULL,
  set_us INTEGER NOT NULL
) STRICT;
CREATE TABLE device (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  kind       INTEGER NOT NULL,
  public_key BLOB,
  name       TEXT NOT NULL,
  wrong      INTEGER NOT NULL,
  paused_us  INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  seen_us    INTEGER NOT NULL,
  ended_us   INTEGER,
  PRIMARY KEY (client, id)
) STRICT;
CREATE TABLE session (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  device     BLOB NOT NULL,
  lang       TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  seen_us    INTEGER NOT NULL,
  ends_us    INTEGER NOT NULL,
  ended_us   INTEGER,
  PRIMARY KEY (client, id)
) STRICT;
CREATE INDEX session_ends ON session (ends_us);
CREATE TABLE api_token (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  name       TEXT NOT NULL,
  hint       TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  public_key BLOB,
  created_us INTEGER NOT NULL,
  expires_us INTEGER NOT NULL,
  last_us    INTEGER NOT NULL,
  revoked_us INTEGER,
  PRIMARY KEY (client, id)
) STRICT;
-- Alias: keyed hash of every random token somebody carries (device, session, API).
CREATE TABLE bearer (
  hash     BLOB NOT NULL PRIMARY KEY,
  kind     INTEGER NOT NULL,
  client   INTEGER NOT NULL,
  ref      BLOB NOT NULL,
  until_us INTEGER
) STRICT;
CREATE INDEX bearer_ref ON bearer (client, ref);
CREATE INDEX bearer_until ON bearer (until_us) WHERE until_us IS NOT NULL;

-- Ways in that are not finished: nobody's yet, found by the browser's token.
CREATE TABLE flow (
  token      BLOB NOT NULL PRIMARY KEY,
  id         BLOB NOT NULL,
  purpose    INTEGER NOT NULL,
  stage      INTEGER NOT NULL,
  phone_hash BLOB NOT NULL,
  phone      BLOB NOT NULL,
  lang       TEXT NOT NULL,
  code       BLOB,
  code_us    INTEGER NOT NULL,
  sent_us    INTEGER NOT NULL,
  client     INTEGER,
  ends_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX flow_ends ON flow (ends_us);
CREATE TABLE application (
  id         BLOB NOT NULL PRIMARY KEY,
  flow       BLOB NOT NULL UNIQUE,
  person     BLOB NOT NULL,
  state      INTEGER NOT NULL,
  client     INTEGER,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;
CREATE INDEX application_changed ON application (state, changed_us);
-- Counters of tries and messages, each within a window that starts with the first.
CREATE TABLE tally (
  kind     INTEGER NOT NULL,
  key      BLOB NOT NULL,
  n        INTEGER NOT NULL,
  since_us INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT;

-- The audit trail: a chain of hashes, its head beside it.
CREATE TABLE audit (
  seq     INTEGER NOT NULL PRIMARY KEY,
  at_us   INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  client  INTEGER NOT NULL,
  act     TEXT NOT NULL,
  subject TEXT NOT NULL,
  details BLOB NOT NULL,
  hash    BLOB NOT NULL
) STRICT;
CREATE INDEX audit_client ON audit (client, seq);
CREATE TABLE audit_head (
  id   INTEGER NOT NULL PRIMARY KEY,
  seq  INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, x'');
