-- +goose Up
-- Money that waits for its receiver to choose where it goes, sent by a link.
-- id is also that of the ledger transaction and of the sender's operation;
-- token the keyed hash of what the link carries; payout the one under way, or
-- that took the money away, else empty; next_us when the worker looks again
-- (business time), NULL once it is over.
CREATE TABLE claim (
  id           BYTEA PRIMARY KEY,
  client       BIGINT NOT NULL,
  key          BYTEA NOT NULL,
  print        BYTEA NOT NULL,
  account      BIGINT NOT NULL,
  currency     BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  fee_minor    BIGINT NOT NULL,
  token        BYTEA NOT NULL,
  state        BIGINT NOT NULL,
  version      BIGINT NOT NULL,
  way          BIGINT NOT NULL,
  payout       BYTEA NOT NULL,
  tries        BIGINT NOT NULL,
  reason       TEXT NOT NULL,
  reminded     BIGINT NOT NULL,
  details      BYTEA NOT NULL,
  at_us        BIGINT NOT NULL,
  until_us     BIGINT NOT NULL,
  done_us      BIGINT NOT NULL,
  next_us      BIGINT
);
CREATE UNIQUE INDEX claim_key ON claim (client, key);
CREATE UNIQUE INDEX claim_token ON claim (token);
CREATE INDEX claim_client ON claim (client, id);
CREATE INDEX claim_due ON claim (next_us, id) WHERE next_us IS NOT NULL;

-- The code that binds a link to the phone it was sent to: one a link, with the
-- tries and messages it has cost.
CREATE TABLE claim_code (
  claim    BYTEA PRIMARY KEY,
  code     BYTEA NOT NULL,
  wrong    BIGINT NOT NULL,
  sent     BIGINT NOT NULL,
  since_us BIGINT NOT NULL,
  sent_us  BIGINT NOT NULL,
  until_us BIGINT NOT NULL
);

-- Operators and wallets that the bank's operator has closed or opened again,
-- with what people are told.
CREATE TABLE agent (
  code   TEXT PRIMARY KEY,
  closed BIGINT NOT NULL,
  why_ru TEXT NOT NULL,
  why_en TEXT NOT NULL,
  at_us  BIGINT NOT NULL
);
