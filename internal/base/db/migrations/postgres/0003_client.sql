-- +goose Up
-- Clients. Name, birth date and phone are ciphertext (vault, class pii).
CREATE TABLE client (
  id         BIGINT NOT NULL PRIMARY KEY,
  uid        BYTEA NOT NULL,
  name       BYTEA NOT NULL,
  born       BYTEA NOT NULL,
  phone      BYTEA NOT NULL,
  lang       TEXT NOT NULL,
  theme      TEXT NOT NULL,
  state      SMALLINT NOT NULL,
  level      SMALLINT NOT NULL,
  account    BIGINT NOT NULL,
  created_us BIGINT NOT NULL
);
CREATE INDEX client_uid ON client (uid);
-- Alias: keyed hash of a phone. Unique over all clients, so it is no column of client.
CREATE TABLE client_phone (
  hash   BYTEA NOT NULL PRIMARY KEY,
  client BIGINT NOT NULL
);

-- Cards. The number is ciphertext (class pan), the holder too (class pii).
CREATE TABLE card (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  account    BIGINT NOT NULL,
  product    SMALLINT NOT NULL,
  state      SMALLINT NOT NULL,
  pan        BYTEA NOT NULL,
  first6     TEXT NOT NULL,
  last4      TEXT NOT NULL,
  holder     BYTEA NOT NULL,
  exp_year   SMALLINT NOT NULL,
  exp_month  SMALLINT NOT NULL,
  created_us BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
CREATE TABLE card_number (
  hash   BYTEA NOT NULL PRIMARY KEY,
  client BIGINT NOT NULL,
  card   BYTEA NOT NULL
);

-- Access. The passcode hash is sealed for its client (class secret).
CREATE TABLE passcode (
  client BIGINT NOT NULL PRIMARY KEY,
  hash   BYTEA NOT NULL,
  set_us BIGINT NOT NULL
);
CREATE TABLE device (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  kind       SMALLINT NOT NULL,
  public_key BYTEA,
  name       TEXT NOT NULL,
  wrong      SMALLINT NOT NULL,
  paused_us  BIGINT NOT NULL,
  created_us BIGINT NOT NULL,
  seen_us    BIGINT NOT NULL,
  ended_us   BIGINT,
  PRIMARY KEY (client, id)
);
CREATE TABLE session (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  device     BYTEA NOT NULL,
  lang       TEXT NOT NULL,
  started_us BIGINT NOT NULL,
  seen_us    BIGINT NOT NULL,
  ends_us    BIGINT NOT NULL,
  ended_us   BIGINT,
  PRIMARY KEY (client, id)
);
CREATE INDEX session_ends ON session (ends_us);
CREATE TABLE api_token (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  name       TEXT NOT NULL,
  hint       TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  public_key BYTEA,
  created_us BIGINT NOT NULL,
  expires_us BIGINT NOT NULL,
  last_us    BIGINT NOT NULL,
  revoked_us BIGINT,
  PRIMARY KEY (client, id)
);
-- Alias: keyed hash of every random token somebody carries (device, session, API).
CREATE TABLE bearer (
  hash     BYTEA NOT NULL PRIMARY KEY,
  kind     SMALLINT NOT NULL,
  client   BIGINT NOT NULL,
  ref      BYTEA NOT NULL,
  until_us BIGINT
);
CREATE INDEX bearer_ref ON bearer (client, ref);
CREATE INDEX bearer_until ON bearer (until_us) WHERE until_us IS NOT NULL;

-- Ways in that are not finished: nobody's yet, found by the browser's token.
CREATE TABLE flow (
  token      BYTEA NOT NULL PRIMARY KEY,
  id         BYTEA NOT NULL,
  purpose    SMALLINT NOT NULL,
  stage      SMALLINT NOT NULL,
  phone_hash BYTEA NOT NULL,
  phone      BYTEA NOT NULL,
  lang       TEXT NOT NULL,
  code       BYTEA,
  code_us    BIGINT NOT NULL,
  sent_us    BIGINT NOT NULL,
  client     BIGINT,
  ends_us    BIGINT NOT NULL
);
CREATE INDEX flow_ends ON flow (ends_us);
CREATE TABLE application (
  id         BYTEA NOT NULL PRIMARY KEY,
  flow       BYTEA NOT NULL UNIQUE,
  person     BYTEA NOT NULL,
  state      SMALLINT NOT NULL,
  client     BIGINT,
  created_us BIGINT NOT NULL,
  changed_us BIGINT NOT NULL
);
CREATE INDEX application_changed ON application (state, changed_us);
-- Counters of tries and messages, each within a window that starts with the first.
CREATE TABLE tally (
  kind     SMALLINT NOT NULL,
  key      BYTEA NOT NULL,
  n        BIGINT NOT NULL,
  since_us BIGINT NOT NULL,
  PRIMARY KEY (kind, key)
);

-- The audit trail: a chain of hashes, its head beside it.
CREATE TABLE audit (
  seq     BIGINT NOT NULL PRIMARY KEY,
  at_us   BIGINT NOT NULL,
  actor   TEXT NOT NULL,
  client  BIGINT NOT NULL,
  act     TEXT NOT NULL,
  subject TEXT NOT NULL,
  details BYTEA NOT NULL,
  hash    BYTEA NOT NULL
);
CREATE INDEX audit_client ON audit (client, seq);
CREATE TABLE audit_head (
  id   SMALLINT NOT NULL PRIMARY KEY,
  seq  BIGINT NOT NULL,
  hash BYTEA NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '\x');
