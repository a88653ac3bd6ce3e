-- +goose Up
-- A device may hold a key of its own (kind 2, device.public_key). Business time
-- until when a new device has reduced limits; 0: it has none.
ALTER TABLE device ADD COLUMN reduced_us INTEGER NOT NULL DEFAULT 0;
-- When a session cookie was made, and whether a younger one has taken its place.
ALTER TABLE bearer ADD COLUMN made_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bearer ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;

-- Nonces of request proofs that were used, until they would be stale anyway.
CREATE TABLE device_nonce (
  nonce    BLOB NOT NULL PRIMARY KEY,
  until_us INTEGER NOT NULL
) STRICT;
CREATE INDEX device_nonce_until ON device_nonce (until_us);

-- Passkeys: the public half of what stays in a phone or a stick.
CREATE TABLE passkey (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  credential BLOB NOT NULL,
  public_key BLOB NOT NULL,
  name       TEXT NOT NULL,
  aaguid     BLOB NOT NULL,
  transports TEXT NOT NULL,
  flags      INTEGER NOT NULL,
  uses       INTEGER NOT NULL,
  reduced_us INTEGER NOT NULL,
  created_us INTEGER NOT NULL,
  used_us    INTEGER NOT NULL,
  ended_us   INTEGER,
  PRIMARY KEY (client, id)
) STRICT;
-- Alias: whose passkey an authenticator names.
CREATE TABLE passkey_credential (
  credential BLOB NOT NULL PRIMARY KEY,
  client     INTEGER NOT NULL,
  passkey    BLOB NOT NULL
) STRICT;
-- Challenges that wait for their one answer.
CREATE TABLE passkey_challenge (
  challenge BLOB NOT NULL PRIMARY KEY,
  purpose   INTEGER NOT NULL,
  client    INTEGER NOT NULL,
  session   BLOB NOT NULL,
  answer    BLOB,
  until_us  INTEGER NOT NULL
) STRICT;
CREATE INDEX passkey_challenge_until ON passkey_challenge (until_us);

-- Each login: what was said of it and what proves it (class secret).
CREATE TABLE access_statement (
  client  INTEGER NOT NULL,
  id      BLOB NOT NULL,
  device  BLOB NOT NULL,
  passkey BLOB,
  means   INTEGER NOT NULL,
  name    TEXT NOT NULL,
  place   TEXT NOT NULL,
  text    TEXT NOT NULL,
  proof   BLOB NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;

-- Numbers whose SIM card was changed, as the SMS partner says; keyed hash.
CREATE TABLE sim_change (
  phone      BLOB NOT NULL PRIMARY KEY,
  changed_us INTEGER NOT NULL
) STRICT;
CREATE INDEX sim_change_changed ON sim_change (changed_us);
