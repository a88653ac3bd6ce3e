-- +goose Up
-- Addresses of clients' programs that are told what happened. seen_us is the
-- business time up to which the feed was read.
CREATE TABLE webhook (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  token      BLOB NOT NULL,
  url        BLOB NOT NULL,
  secret     BLOB NOT NULL,
  events     TEXT NOT NULL,
  created_us INTEGER NOT NULL,
  seen_us    INTEGER NOT NULL,
  failing_us INTEGER NOT NULL,
  PRIMARY KEY (client, id),
  UNIQUE (id)
) STRICT;
-- One document for a hook: an operation at one step. pending marks one that is
-- looked at again.
CREATE TABLE webhook_delivery (
  client    INTEGER NOT NULL,
  id        BLOB NOT NULL,
  hook      BLOB NOT NULL,
  operation BLOB NOT NULL,
  step      INTEGER NOT NULL,
  type      TEXT NOT NULL,
  pending   INTEGER NOT NULL,
  body      BLOB NOT NULL,
  at_us     INTEGER NOT NULL,
  state     INTEGER NOT NULL,
  tries     INTEGER NOT NULL,
  status    INTEGER NOT NULL,
  problem   TEXT NOT NULL,
  next_us   INTEGER,
  done_us   INTEGER NOT NULL,
  PRIMARY KEY (client, id),
  UNIQUE (hook, operation, step, type)
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX webhook_delivery_log ON webhook_delivery (client, hook, id);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (hook) WHERE pending = 1;
