-- +goose Up
-- What the rail of transfers by phone and what mobile operators and wallets
-- settle with us: numbers 7 and 8 of the bank's chart.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  SELECT 7 * 64 + slot, 0, 1, 643, false, NULL, 0, 0, 0 FROM generate_series(0, 127) AS slot;
-- Money sent out of the bank. id is also the pending transaction's and, where
-- told, the feed row's. secret holds the receiver's whole number until the
-- outcome is final. number and sent_us name the instruction to the other side.
CREATE TABLE payout (
  id           BYTEA NOT NULL PRIMARY KEY,
  client       BIGINT NOT NULL,
  print        BYTEA NOT NULL,
  way          BIGINT NOT NULL,
  account      BIGINT NOT NULL,
  currency     BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  fee_minor    BIGINT NOT NULL,
  tariff       BIGINT NOT NULL,
  tariff_rule  BIGINT NOT NULL,
  free_minor   BIGINT NOT NULL,
  state        BIGINT NOT NULL,
  reason       TEXT NOT NULL,
  reference    TEXT NOT NULL,
  version      BIGINT NOT NULL,
  told         BIGINT NOT NULL,
  posting      BYTEA NOT NULL,
  number       BIGINT NOT NULL,
  sent_us      BIGINT NOT NULL,
  at_us        BIGINT NOT NULL,
  done_us      BIGINT NOT NULL,
  tries        BIGINT NOT NULL,
  next_us      BIGINT,
  details      BYTEA NOT NULL,
  secret       BYTEA NOT NULL
);
CREATE INDEX payout_due ON payout (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX payout_client ON payout (client, id) WHERE told = 1;
-- How many instructions went out in a UTC day.
CREATE TABLE payout_number (
  day  BIGINT NOT NULL PRIMARY KEY,
  used BIGINT NOT NULL
);
