-- +goose Up
-- Authentications of purchases in the internet (3-D Secure), each in one row
-- from the question to the end. id is the acsTransID. What people and shops are
-- called is sealed in details; answer and result are the messages that went
-- out, sealed. Times but at_us are real time; next_us is when the worker looks
-- again, NULL once there is nothing to do.
CREATE TABLE authentication (
  client       INTEGER NOT NULL,
  id           BLOB NOT NULL,
  card         BLOB NOT NULL,
  state        INTEGER NOT NULL,
  version      INTEGER NOT NULL,   -- one more with every change
  ds           BLOB NOT NULL,   -- dsTransID
  server       BLOB NOT NULL,   -- threeDSServerTransID
  print        BLOB NOT NULL,   -- keyed hash of what was asked
  status       TEXT NOT NULL,    -- transStatus as it stands
  reason       TEXT NOT NULL,
  cancel       TEXT NOT NULL,
  method       TEXT NOT NULL,    -- how the holder proved himself; empty: he was not asked
  amount_minor INTEGER NOT NULL,
  currency     INTEGER NOT NULL,
  mcc          TEXT NOT NULL,
  shop         BLOB NOT NULL,   -- hash of acquirer and merchant
  device       BLOB NOT NULL,   -- keyed hash of the browser's cookie; empty: none
  score        INTEGER NOT NULL,
  signs        TEXT NOT NULL,    -- what the score is made of
  atn          INTEGER,            -- number of the authentication value; NULL: there is none
  details      BLOB NOT NULL,
  answer       BLOB NOT NULL,
  result       BLOB NOT NULL,
  token        BLOB NOT NULL,   -- hash of what the challenged browser holds; empty: not challenged
  code         BLOB NOT NULL,   -- keyed hash of the code
  until_us     INTEGER NOT NULL,   -- of the code
  sent_us      INTEGER NOT NULL,
  sends        INTEGER NOT NULL,
  wrong        INTEGER NOT NULL,   -- wrong codes
  begun_us     INTEGER NOT NULL,   -- of the challenge
  touched_us   INTEGER NOT NULL,   -- last sign of life in it
  ends_us      INTEGER NOT NULL,   -- when it is over at the latest
  tries        INTEGER NOT NULL,   -- of telling the result
  told         INTEGER NOT NULL,   -- 1: the directory has the result
  at_us        INTEGER NOT NULL,   -- business time of the question
  next_us      INTEGER,
  PRIMARY KEY (client, id),
  UNIQUE (client, card, atn)
) STRICT;
CREATE INDEX authentication_due ON authentication (next_us) WHERE next_us IS NOT NULL;
-- The names under which others know them: kind 1 acsTransID, 2 dsTransID.
CREATE TABLE authentication_name (
  kind   INTEGER NOT NULL,
  name   BLOB NOT NULL,
  client INTEGER NOT NULL,
  id     BLOB NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
-- The last number of an authentication value, per card.
CREATE TABLE authentication_counter (
  client INTEGER NOT NULL,
  card   BLOB NOT NULL,
  n      INTEGER NOT NULL,
  PRIMARY KEY (client, card)
) STRICT, WITHOUT ROWID;
-- Used authentication values. The row travels with the money.
CREATE TABLE authentication_use (
  client INTEGER NOT NULL,
  id     BLOB NOT NULL,
  at_us  INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;
-- Browsers seen by the 3DS Method, until their purchase is asked about.
CREATE TABLE authentication_browser (
  server BLOB NOT NULL PRIMARY KEY, -- threeDSServerTransID
  device BLOB NOT NULL,
  at_us  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX authentication_browser_at ON authentication_browser (at_us);
