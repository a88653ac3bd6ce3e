-- +goose Up
-- The feed. A row is carried by the ledger transaction behind it; details hold
-- names and messages, sealed for (operation, client + id).
CREATE TABLE operation (
  client       INTEGER NOT NULL,
  id           BLOB NOT NULL,   -- UUIDv7 of business time
  account      INTEGER NOT NULL,
  kind         INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  currency     INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,  -- signed, fee included
  fee_minor    INTEGER NOT NULL,
  at_us        INTEGER NOT NULL,
  txn          BLOB NOT NULL,
  details      BLOB NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
-- How many people were looked up by phone. subject is a client number or the
-- keyed hash of an address.
CREATE TABLE lookup_count (
  kind    INTEGER NOT NULL,
  subject BLOB NOT NULL,
  day     INTEGER NOT NULL,
  used    INTEGER NOT NULL,
  PRIMARY KEY (kind, subject, day)
) STRICT;
