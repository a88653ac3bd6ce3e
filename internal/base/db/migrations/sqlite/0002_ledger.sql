-- +goose Up
CREATE TABLE account (
  id             INTEGER NOT NULL PRIMARY KEY, -- number·64 + slot; slot 0 for clients
  owner          INTEGER NOT NULL,
  kind           INTEGER NOT NULL,
  currency       INTEGER NOT NULL,
  closed         INTEGER NOT NULL,
  floor_minor    INTEGER, -- NULL: no floor (the bank's own)
  balance_minor  INTEGER NOT NULL,
  reserved_minor INTEGER NOT NULL,
  version        INTEGER NOT NULL, -- number of entries
  CHECK (balance_minor - reserved_minor >= floor_minor) -- last wall if the core is wrong; NULL passes
) STRICT;
CREATE INDEX account_owner ON account (owner, id); -- never changed by a posting
CREATE TABLE txn (
  id             BLOB NOT NULL PRIMARY KEY,
  owner          INTEGER NOT NULL,
  key            BLOB NOT NULL,
  print          BLOB NOT NULL,
  kind           INTEGER NOT NULL,
  phase          INTEGER NOT NULL,
  refused        INTEGER NOT NULL,
  refused_detail INTEGER,
  refers         BLOB,
  legs           BLOB,
  guards         BLOB,
  at_us          INTEGER NOT NULL,
  UNIQUE (key, owner) -- keys grow with time: new ones land side by side
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
  account       INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  txn           BLOB NOT NULL,
  amount_minor  INTEGER NOT NULL,
  balance_minor INTEGER NOT NULL,
  PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE hold (
  txn            BLOB NOT NULL PRIMARY KEY,
  account        INTEGER NOT NULL,
  amount_minor   INTEGER NOT NULL,
  posted_minor   INTEGER NOT NULL,
  released_minor INTEGER NOT NULL,
  reversed_minor INTEGER NOT NULL,
  expires_us     INTEGER -- NULL once closed, or when it never expires
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_due ON hold (expires_us) WHERE expires_us IS NOT NULL;
CREATE TABLE guard (
  owner      INTEGER NOT NULL,
  name       INTEGER NOT NULL, -- name·4 + window
  win        INTEGER NOT NULL,
  used_minor INTEGER NOT NULL,
  PRIMARY KEY (owner, name, win)
) STRICT, WITHOUT ROWID;
-- The bank's own chart: numbers 1 to 4, 64 slots each, no floor.
WITH RECURSIVE chart (n, slot) AS (
  SELECT 1, 0
  UNION ALL
  SELECT CASE slot WHEN 63 THEN n + 1 ELSE n END, (slot + 1) % 64 FROM chart WHERE n < 4 OR slot < 63
)
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  SELECT n * 64 + slot, 0, 1, 643, 0, NULL, 0, 0, 0 FROM chart;
