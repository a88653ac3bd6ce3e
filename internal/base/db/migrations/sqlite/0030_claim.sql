-- +goose Up
-- Money that waits for its receiver to choose where it goes, sent by a link.
-- id is also that of the ledger transaction and of the sender's operation;
-- token the keyed hash of what the link carries; payout the one under way, or
-- that took the money away, else empty; next_us when the worker looks again
-- (business time), NULL once it is over.
CREATE TABLE claim (
  id           BLOB PRIMARY KEY,
  client       INTEGER NOT NULL,
  key          BLOB NOT NULL,
  print        BLOB NOT NULL,
  account      INTEGER NOT NULL,
  currency     INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  fee_minor    INTEGER NOT NULL,
  token        BLOB NOT NULL,
  state        INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  way          INTEGER NOT NULL,
  payout       BLOB NOT NULL,
  tries        INTEGER NOT NULL,
  reason       TEXT NOT NULL,
  reminded     INTEGER NOT NULL,
  details      BLOB NOT NULL,
  at_us        INTEGER NOT NULL,
  until_us     INTEGER NOT NULL,
  done_us      INTEGER NOT NULL,
  next_us      INTEGER
) STRICT;
CREATE UNIQUE INDEX claim_key ON claim (client, key);
CREATE UNIQUE INDEX claim_token ON claim (token);
CREATE INDEX claim_client ON claim (client, id);
CREATE INDEX claim_due ON claim (next_us, id) WHERE next_us IS NOT NULL;

-- The code that binds a link to the phone it was sent to: one a link, with the
-- tries and messages it has cost.
CREATE TABLE claim_code (
  claim    BLOB PRIMARY KEY,
  code     BLOB NOT NULL,
  wrong    INTEGER NOT NULL,
  sent     INTEGER NOT NULL,
  since_us INTEGER NOT NULL,
  sent_us  INTEGER NOT NULL,
  until_us INTEGER NOT NULL
) STRICT;

-- Operators and wallets that the bank's operator has closed or opened again,
-- with what people are told.
CREATE TABLE agent (
  code   TEXT PRIMARY KEY,
  closed INTEGER NOT NULL,
  why_ru TEXT NOT NULL,
  why_en TEXT NOT NULL,
  at_us  INTEGER NOT NULL
) STRICT;
