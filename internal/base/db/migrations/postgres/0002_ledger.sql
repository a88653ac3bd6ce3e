-- +goose Up
CREATE TABLE account (
  id             BIGINT NOT NULL PRIMARY KEY, -- number·64 + slot; slot 0 for clients
  owner          BIGINT NOT NULL,
  kind           SMALLINT NOT NULL,
  currency       SMALLINT NOT NULL,
  closed         BOOLEAN NOT NULL,
  floor_minor    BIGINT, -- NULL: no floor (the bank's own)
  balance_minor  BIGINT NOT NULL,
  reserved_minor BIGINT NOT NULL,
  version        BIGINT NOT NULL, -- number of entries
  CHECK (balance_minor - reserved_minor >= floor_minor) -- last wall if the core is wrong; NULL passes
) WITH (fillfactor = 80);
CREATE INDEX account_owner ON account (owner, id); -- never changed by a posting
CREATE TABLE txn (
  id             BYTEA NOT NULL PRIMARY KEY,
  owner          BIGINT NOT NULL,
  key            BYTEA NOT NULL,
  print          BYTEA NOT NULL,
  kind           SMALLINT NOT NULL,
  phase          SMALLINT NOT NULL,
  refused        SMALLINT NOT NULL,
  refused_detail BIGINT,
  refers         BYTEA,
  legs           BYTEA,
  guards         BYTEA,
  at_us          BIGINT NOT NULL,
  UNIQUE (key, owner) -- keys grow with time: new ones land side by side
);
CREATE TABLE entry (
  account       BIGINT NOT NULL,
  seq           BIGINT NOT NULL,
  txn           BYTEA NOT NULL,
  amount_minor  BIGINT NOT NULL,
  balance_minor BIGINT NOT NULL,
  PRIMARY KEY (account, seq)
);
CREATE TABLE hold (
  txn            BYTEA NOT NULL PRIMARY KEY,
  account        BIGINT NOT NULL,
  amount_minor   BIGINT NOT NULL,
  posted_minor   BIGINT NOT NULL,
  released_minor BIGINT NOT NULL,
  reversed_minor BIGINT NOT NULL,
  expires_us     BIGINT -- NULL once closed, or when it never expires
) WITH (fillfactor = 80);
CREATE INDEX hold_due ON hold (expires_us) WHERE expires_us IS NOT NULL;
CREATE TABLE guard (
  owner      BIGINT NOT NULL,
  name       SMALLINT NOT NULL, -- name·4 + window
  win        INTEGER NOT NULL,
  used_minor BIGINT NOT NULL,
  PRIMARY KEY (owner, name, win)
) WITH (fillfactor = 70);
-- The bank's own chart: numbers 1 to 4, 64 slots each, no floor.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  SELECT n * 64 + slot, 0, 1, 643, false, NULL, 0, 0, 0
  FROM generate_series(1, 4) AS n, generate_series(0, 63) AS slot;
