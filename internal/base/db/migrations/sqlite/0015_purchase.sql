-- +goose Up
-- The settlement account with the card network: number 5 of the bank's chart.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  WITH RECURSIVE chart (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM chart WHERE slot < 63)
  SELECT 5 * 64 + slot, 0, 1, 643, 0, NULL, 0, 0, 0 FROM chart;
-- One authorisation of a card, from the hold to the last clearing. holds are
-- the pending transactions behind it, 16 bytes each. origin names the message
-- that made it or, of a tombstone, the one that must never be honoured.
CREATE TABLE card_auth (
  client        INTEGER NOT NULL,
  id            BLOB NOT NULL,    -- also the operation's
  card          BLOB NOT NULL,
  account       INTEGER NOT NULL,
  kind          INTEGER NOT NULL,
  state         INTEGER NOT NULL,
  origin        BLOB NOT NULL,
  message       BLOB NOT NULL,    -- key of the message that made it
  rrn           TEXT NOT NULL,
  code          TEXT NOT NULL,     -- approval code (DE38)
  acquirer      TEXT NOT NULL,
  merchant      BLOB NOT NULL,    -- hash of acquirer and merchant
  mcc           TEXT NOT NULL,
  country       TEXT NOT NULL,     -- ISO 3166 numeric
  channel       INTEGER NOT NULL,
  currency      INTEGER NOT NULL, -- of local_minor
  local_minor   INTEGER NOT NULL,   -- in the merchant's currency
  billing_minor INTEGER NOT NULL,   -- authorised, in roubles
  posted_minor  INTEGER NOT NULL,   -- posted so far, in roubles
  holds         BLOB NOT NULL,
  at_us         INTEGER NOT NULL,
  expires_us    INTEGER,            -- NULL once nothing is held
  PRIMARY KEY (client, id),
  UNIQUE (client, origin)
) STRICT;
CREATE INDEX card_auth_rrn ON card_auth (client, rrn);
CREATE INDEX card_auth_due ON card_auth (expires_us) WHERE expires_us IS NOT NULL;
-- Answers by the key of their message: a repeat gets its answer again.
CREATE TABLE card_message (
  key    BLOB NOT NULL PRIMARY KEY,
  client INTEGER NOT NULL,
  print  BLOB NOT NULL,
  auth   BLOB NOT NULL,
  answer BLOB NOT NULL,
  at_us  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Chip: every transaction counter that was used, and what failed.
CREATE TABLE card_counter (
  client INTEGER NOT NULL,
  card   BLOB NOT NULL,
  atc    INTEGER NOT NULL,
  arqc   BLOB NOT NULL,
  at_us  INTEGER NOT NULL,
  PRIMARY KEY (client, card, atc)
) STRICT, WITHOUT ROWID;
CREATE TABLE card_chip (
  client     INTEGER NOT NULL,
  card       BLOB NOT NULL,
  fails      INTEGER NOT NULL,
  since_us   INTEGER NOT NULL,
  blocked_us INTEGER,
  PRIMARY KEY (client, card)
) STRICT, WITHOUT ROWID;
-- The network's clearing: files, and each record of them once.
CREATE TABLE clearing_file (
  id      TEXT NOT NULL PRIMARY KEY,
  network TEXT NOT NULL,
  day     TEXT NOT NULL,
  print   BLOB NOT NULL,
  records INTEGER NOT NULL,
  at_us   INTEGER NOT NULL,
  done_us INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE clearing_item (
  arn          TEXT NOT NULL,   -- acquirer reference number
  kind         INTEGER NOT NULL,
  file         TEXT NOT NULL,
  line         INTEGER NOT NULL,
  client       INTEGER NOT NULL, -- 0: no card of ours
  auth         BLOB NOT NULL,
  result       INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL, -- cleared, in roubles
  held_minor   INTEGER NOT NULL, -- what was open for it
  txn          BLOB NOT NULL,
  at_us        INTEGER NOT NULL,
  seen_us      INTEGER,          -- when staff settled a break
  PRIMARY KEY (arn, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX clearing_item_auth ON clearing_item (client, auth);
CREATE INDEX clearing_item_break ON clearing_item (at_us) WHERE seen_us IS NULL AND result > 3;
-- Rates of the partner bank: so many units of a currency cost rate/10000 roubles.
CREATE TABLE card_rate (
  currency INTEGER NOT NULL,
  day      INTEGER NOT NULL,
  units    INTEGER NOT NULL,
  rate     INTEGER NOT NULL,    -- roubles times 10^4
  PRIMARY KEY (currency, day)
) STRICT, WITHOUT ROWID;
