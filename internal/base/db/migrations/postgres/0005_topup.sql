-- +goose Up
-- Top-ups from other banks' cards. The card is never here: details hold its
-- first six and last four digits, sealed. next_us is when the worker looks at an
-- open top-up again (real time); NULL once it is final.
CREATE TABLE topup (
  id           BYTEA NOT NULL PRIMARY KEY,
  client       BIGINT NOT NULL,
  key          BYTEA NOT NULL,
  print        BYTEA NOT NULL,
  account      BIGINT NOT NULL,
  currency     SMALLINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  fee_minor    BIGINT NOT NULL,
  state        SMALLINT NOT NULL,
  reason       TEXT NOT NULL,
  left_minor   BIGINT NOT NULL,    -- what the day's limit still allowed when it refused
  version      BIGINT NOT NULL,    -- one more with every step
  hold         BYTEA NOT NULL,     -- the pending transaction
  operation    BYTEA NOT NULL,     -- the posting and its feed row
  action       BYTEA NOT NULL,     -- the other bank's page, sealed; empty when there is none
  details      BYTEA NOT NULL,
  at_us        BIGINT NOT NULL,    -- business time
  sent_us      BIGINT NOT NULL,    -- real time; 0 until sent
  asked_us     BIGINT NOT NULL,    -- real time of the last question to the acquirer
  tries        BIGINT NOT NULL,
  next_us      BIGINT,
  UNIQUE (client, key)
);
CREATE INDEX topup_due ON topup (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX topup_open ON topup (client, id) WHERE next_us IS NOT NULL;
-- What became of messages. Neither the text nor the phone is kept.
CREATE TABLE sms (
  id         BYTEA NOT NULL PRIMARY KEY,
  owner      BIGINT NOT NULL,
  gateway    TEXT NOT NULL,
  state      SMALLINT NOT NULL,
  sent_us    BIGINT NOT NULL,
  changed_us BIGINT NOT NULL,
  UNIQUE (gateway)
);
