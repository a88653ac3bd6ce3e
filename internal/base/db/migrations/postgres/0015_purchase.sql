-- +goose Up
-- The settlement account with the card network: number 5 of the bank's chart.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  SELECT 5 * 64 + slot, 0, 1, 643, false, NULL, 0, 0, 0 FROM generate_series(0, 63) AS slot;
-- One authorisation of a card, from the hold to the last clearing. holds are
-- the pending transactions behind it, 16 bytes each. origin names the message
-- that made it or, of a tombstone, the one that must never be honoured.
CREATE TABLE card_auth (
  client        BIGINT NOT NULL,
  id            BYTEA NOT NULL,    -- also the operation's
  card          BYTEA NOT NULL,
  account       BIGINT NOT NULL,
  kind          SMALLINT NOT NULL,
  state         SMALLINT NOT NULL,
  origin        BYTEA NOT NULL,
  message       BYTEA NOT NULL,    -- key of the message that made it
  rrn           TEXT NOT NULL,
  code          TEXT NOT NULL,     -- approval code (DE38)
  acquirer      TEXT NOT NULL,
  merchant      BYTEA NOT NULL,    -- hash of acquirer and merchant
  mcc           TEXT NOT NULL,
  country       TEXT NOT NULL,     -- ISO 3166 numeric
  channel       SMALLINT NOT NULL,
  currency      SMALLINT NOT NULL, -- of local_minor
  local_minor   BIGINT NOT NULL,   -- in the merchant's currency
  billing_minor BIGINT NOT NULL,   -- authorised, in roubles
  posted_minor  BIGINT NOT NULL,   -- posted so far, in roubles
  holds         BYTEA NOT NULL,
  at_us         BIGINT NOT NULL,
  expires_us    BIGINT,            -- NULL once nothing is held
  PRIMARY KEY (client, id),
  UNIQUE (client, origin)
) WITH (fillfactor = 80);
CREATE INDEX card_auth_rrn ON card_auth (client, rrn);
CREATE INDEX card_auth_due ON card_auth (expires_us) WHERE expires_us IS NOT NULL;
-- Answers by the key of their message: a repeat gets its answer again.
CREATE TABLE card_message (
  key    BYTEA NOT NULL PRIMARY KEY,
  client BIGINT NOT NULL,
  print  BYTEA NOT NULL,
  auth   BYTEA NOT NULL,
  answer BYTEA NOT NULL,
  at_us  BIGINT NOT NULL
);
-- Chip: every transaction counter that was used, and what failed.
CREATE TABLE card_counter (
  client BIGINT NOT NULL,
  card   BYTEA NOT NULL,
  atc    INTEGER NOT NULL,
  arqc   BYTEA NOT NULL,
  at_us  BIGINT NOT NULL,
  PRIMARY KEY (client, card, atc)
);
CREATE TABLE card_chip (
  client     BIGINT NOT NULL,
  card       BYTEA NOT NULL,
  fails      BIGINT NOT NULL,
  since_us   BIGINT NOT NULL,
  blocked_us BIGINT,
  PRIMARY KEY (client, card)
);
-- The network's clearing: files, and each record of them once.
CREATE TABLE clearing_file (
  id      TEXT NOT NULL PRIMARY KEY,
  network TEXT NOT NULL,
  day     TEXT NOT NULL,
  print   BYTEA NOT NULL,
  records BIGINT NOT NULL,
  at_us   BIGINT NOT NULL,
  done_us BIGINT
);
CREATE TABLE clearing_item (
  arn          TEXT NOT NULL,   -- acquirer reference number
  kind         SMALLINT NOT NULL,
  file         TEXT NOT NULL,
  line         BIGINT NOT NULL,
  client       BIGINT NOT NULL, -- 0: no card of ours
  auth         BYTEA NOT NULL,
  result       SMALLINT NOT NULL,
  amount_minor BIGINT NOT NULL, -- cleared, in roubles
  held_minor   BIGINT NOT NULL, -- what was open for it
  txn          BYTEA NOT NULL,
  at_us        BIGINT NOT NULL,
  seen_us      BIGINT,          -- when staff settled a break
  PRIMARY KEY (arn, kind)
);
CREATE INDEX clearing_item_auth ON clearing_item (client, auth);
CREATE INDEX clearing_item_break ON clearing_item (at_us) WHERE seen_us IS NULL AND result > 3;
-- Rates of the partner bank: so many units of a currency cost rate/10000 roubles.
CREATE TABLE card_rate (
  currency SMALLINT NOT NULL,
  day      BIGINT NOT NULL,
  units    BIGINT NOT NULL,
  rate     BIGINT NOT NULL,    -- roubles times 10^4
  PRIMARY KEY (currency, day)
);
