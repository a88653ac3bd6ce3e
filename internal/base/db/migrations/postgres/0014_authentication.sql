-- +goose Up
-- Authentications of purchases in the internet (3-D Secure), each in one row
-- from the question to the end. id is the acsTransID. What people and shops are
-- called is sealed in details; answer and result are the messages that went
-- out, sealed. Times but at_us are real time; next_us is when the worker looks
-- again, NULL once there is nothing to do.
CREATE TABLE authentication (
  client       BIGINT NOT NULL,
  id           BYTEA NOT NULL,
  card         BYTEA NOT NULL,
  state        SMALLINT NOT NULL,
  version      BIGINT NOT NULL,   -- one more with every change
  ds           BYTEA NOT NULL,   -- dsTransID
  server       BYTEA NOT NULL,   -- threeDSServerTransID
  print        BYTEA NOT NULL,   -- keyed hash of what was asked
  status       TEXT NOT NULL,    -- transStatus as it stands
  reason       TEXT NOT NULL,
  cancel       TEXT NOT NULL,
  method       TEXT NOT NULL,    -- how the holder proved himself; empty: he was not asked
  amount_minor BIGINT NOT NULL,
  currency     SMALLINT NOT NULL,
  mcc          TEXT NOT NULL,
  shop         BYTEA NOT NULL,   -- hash of acquirer and merchant
  device       BYTEA NOT NULL,   -- keyed hash of the browser's cookie; empty: none
  score        BIGINT NOT NULL,
  signs        TEXT NOT NULL,    -- what the score is made of
  atn          BIGINT,            -- number of the authentication value; NULL: there is none
  details      BYTEA NOT NULL,
  answer       BYTEA NOT NULL,
  result       BYTEA NOT NULL,
  token        BYTEA NOT NULL,   -- hash of what the challenged browser holds; empty: not challenged
  code         BYTEA NOT NULL,   -- keyed hash of the code
  until_us     BIGINT NOT NULL,   -- of the code
  sent_us      BIGINT NOT NULL,
  sends        BIGINT NOT NULL,
  wrong        BIGINT NOT NULL,   -- wrong codes
  begun_us     BIGINT NOT NULL,   -- of the challenge
  touched_us   BIGINT NOT NULL,   -- last sign of life in it
  ends_us      BIGINT NOT NULL,   -- when it is over at the latest
  tries        BIGINT NOT NULL,   -- of telling the result
  told         SMALLINT NOT NULL,   -- 1: the directory has the result
  at_us        BIGINT NOT NULL,   -- business time of the question
  next_us      BIGINT,
  PRIMARY KEY (client, id),
  UNIQUE (client, card, atn)
);
CREATE INDEX authentication_due ON authentication (next_us) WHERE next_us IS NOT NULL;
-- The names under which others know them: kind 1 acsTransID, 2 dsTransID.
CREATE TABLE authentication_name (
  kind   SMALLINT NOT NULL,
  name   BYTEA NOT NULL,
  client BIGINT NOT NULL,
  id     BYTEA NOT NULL,
  PRIMARY KEY (kind, name)
);
-- The last number of an authentication value, per card.
CREATE TABLE authentication_counter (
  client BIGINT NOT NULL,
  card   BYTEA NOT NULL,
  n      BIGINT NOT NULL,
  PRIMARY KEY (client, card)
);
-- Used authentication values. The row travels with the money.
CREATE TABLE authentication_use (
  client BIGINT NOT NULL,
  id     BYTEA NOT NULL,
  at_us  BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
-- Browsers seen by the 3DS Method, until their purchase is asked about.
CREATE TABLE authentication_browser (
  server BYTEA NOT NULL PRIMARY KEY, -- threeDSServerTransID
  device BYTEA NOT NULL,
  at_us  BIGINT NOT NULL
);
CREATE INDEX authentication_browser_at ON authentication_browser (at_us);
