-- +goose Up
-- What the rail of transfers by phone and what mobile operators and wallets
-- settle with us: numbers 7 and 8 of the bank's chart.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  WITH RECURSIVE chart (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM chart WHERE slot < 127)
  SELECT 7 * 64 + slot, 0, 1, 643, 0, NULL, 0, 0, 0 FROM chart;
-- Money sent out of the bank. id is also the pending transaction's and, where
-- told, the feed row's. secret holds the receiver's whole number until the
-- outcome is final. number and sent_us name the instruction to the other side.
CREATE TABLE payout (
  id           BLOB NOT NULL PRIMARY KEY,
  client       INTEGER NOT NULL,
  print        BLOB NOT NULL,
  way          INTEGER NOT NULL,
  account      INTEGER NOT NULL,
  currency     INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  fee_minor    INTEGER NOT NULL,
  tariff       INTEGER NOT NULL,
  tariff_rule  INTEGER NOT NULL,
  free_minor   INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  reason       TEXT NOT NULL,
  reference    TEXT NOT NULL,
  version      INTEGER NOT NULL,
  told         INTEGER NOT NULL,
  posting      BLOB NOT NULL,
  number       INTEGER NOT NULL,
  sent_us      INTEGER NOT NULL,
  at_us        INTEGER NOT NULL,
  done_us      INTEGER NOT NULL,
  tries        INTEGER NOT NULL,
  next_us      INTEGER,
  details      BLOB NOT NULL,
  secret       BLOB NOT NULL
) STRICT;
CREATE INDEX payout_due ON payout (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX payout_client ON payout (client, id) WHERE told = 1;
-- How many instructions went out in a UTC day.
CREATE TABLE payout_number (
  day  INTEGER NOT NULL PRIMARY KEY,
  used INTEGER NOT NULL
) STRICT;
