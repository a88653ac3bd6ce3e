-- +goose Up
-- A device may hold a key of its own (kind 2, device.public_key). Business time
-- until when a new device has reduced limits; 0: it has none.
ALTER TABLE device ADD COLUMN reduced_us BIGINT NOT NULL DEFAULT 0;
-- When a session cookie was made, and whether a younger one has taken its place.
ALTER TABLE bearer ADD COLUMN made_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bearer ADD COLUMN retired SMALLINT NOT NULL DEFAULT 0;

-- Nonces of request proofs that were used, until they would be stale anyway.
CREATE TABLE device_nonce (
  nonce    BYTEA NOT NULL PRIMARY KEY,
  until_us BIGINT NOT NULL
);
CREATE INDEX device_nonce_until ON device_nonce (until_us);

-- Passkeys: the public half of what stays in a phone or a stick.
CREATE TABLE passkey (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  credential BYTEA NOT NULL,
  public_key BYTEA NOT NULL,
  name       TEXT NOT NULL,
  aaguid     BYTEA NOT NULL,
  transports TEXT NOT NULL,
  flags SMALLINT NOT NULL,
  uses       BIGINT NOT NULL,
  reduced_us BIGINT NOT NULL,
  created_us BIGINT NOT NULL,
  used_us    BIGINT NOT NULL,
  ended_us   BIGINT,
  PRIMARY KEY (client, id)
);
-- Alias: whose passkey an authenticator names.
CREATE TABLE passkey_credential (
  credential BYTEA NOT NULL PRIMARY KEY,
  client     BIGINT NOT NULL,
  passkey    BYTEA NOT NULL
);
-- Challenges that wait for their one answer.
CREATE TABLE passkey_challenge (
  challenge BYTEA NOT NULL PRIMARY KEY,
  purpose SMALLINT NOT NULL,
  client    BIGINT NOT NULL,
  session   BYTEA NOT NULL,
  answer    BYTEA,
  until_us  BIGINT NOT NULL
);
CREATE INDEX passkey_challenge_until ON passkey_challenge (until_us);

-- Each login: what was said of it and what proves it (class secret).
CREATE TABLE access_statement (
  client  BIGINT NOT NULL,
  id      BYTEA NOT NULL,
  device  BYTEA NOT NULL,
  passkey BYTEA,
  means SMALLINT NOT NULL,
  name    TEXT NOT NULL,
  place   TEXT NOT NULL,
  text    TEXT NOT NULL,
  proof   BYTEA NOT NULL,
  at_us   BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);

-- Numbers whose SIM card was changed, as the SMS partner says; keyed hash.
CREATE TABLE sim_change (
  phone      BYTEA NOT NULL PRIMARY KEY,
  changed_us BIGINT NOT NULL
);
CREATE INDEX sim_change_changed ON sim_change (changed_us);
