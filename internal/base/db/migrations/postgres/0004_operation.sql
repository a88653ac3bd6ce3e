-- +goose Up
-- The feed. A row is carried by the ledger transaction behind it; details hold
-- names and messages, sealed for (operation, client + id).
CREATE TABLE operation (
  client       BIGINT NOT NULL,
  id           BYTEA NOT NULL,   -- UUIDv7 of business time
  account      BIGINT NOT NULL,
  kind         SMALLINT NOT NULL,
  state        SMALLINT NOT NULL,
  currency     SMALLINT NOT NULL,
  amount_minor BIGINT NOT NULL,  -- signed, fee included
  fee_minor    BIGINT NOT NULL,
  at_us        BIGINT NOT NULL,
  txn          BYTEA NOT NULL,
  details      BYTEA NOT NULL,
  PRIMARY KEY (client, id)
);
-- How many people were looked up by phone. subject is a client number or the
-- keyed hash of an address.
CREATE TABLE lookup_count (
  kind    SMALLINT NOT NULL,
  subject BYTEA NOT NULL,
  day     BIGINT NOT NULL,
  used    BIGINT NOT NULL,
  PRIMARY KEY (kind, subject, day)
);
