-- +goose Up
-- Top-ups from other banks' cards. The card is never here: details hold its
-- first six and last four digits, sealed. next_us is when the worker looks at an
-- open top-up again (real time); NULL once it is final.
CREATE TABLE topup (
  id           BLOB NOT NULL PRIMARY KEY,
  client       INTEGER NOT NULL,
  key          BLOB NOT NULL,
  print        BLOB NOT NULL,
  account      INTEGER NOT NULL,
  currency     INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  fee_minor    INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  reason       TEXT NOT NULL,
  left_minor   INTEGER NOT NULL,    -- what the day's limit still allowed when it refused
  version      INTEGER NOT NULL,    -- one more with every step
  hold         BLOB NOT NULL,     -- the pending transaction
  operation    BLOB NOT NULL,     -- the posting and its feed row
  action       BLOB NOT NULL,     -- the other bank's page, sealed; empty when there is none
  details      BLOB NOT NULL,
  at_us        INTEGER NOT NULL,    -- business time
  sent_us      INTEGER NOT NULL,    -- real time; 0 until sent
  asked_us     INTEGER NOT NULL,    -- real time of the last question to the acquirer
  tries        INTEGER NOT NULL,
  next_us      INTEGER,
  UNIQUE (client, key)
) STRICT;
CREATE INDEX topup_due ON topup (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX topup_open ON topup (client, id) WHERE next_us IS NOT NULL;
-- What became of messages. Neither the text nor the phone is kept.
CREATE TABLE sms (
  id         BLOB NOT NULL PRIMARY KEY,
  owner      INTEGER NOT NULL,
  gateway    TEXT NOT NULL,
  state      INTEGER NOT NULL,
  sent_us    INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  UNIQUE (gateway)
) STRICT;
