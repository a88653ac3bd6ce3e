-- +goose Up
-- Addresses of clients' programs that are told what happened. seen_us is the
-- business time up to which the feed was read.
CREATE TABLE webhook (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  token      BYTEA NOT NULL,
  url        BYTEA NOT NULL,
  secret     BYTEA NOT NULL,
  events     TEXT NOT NULL,
  created_us BIGINT NOT NULL,
  seen_us    BIGINT NOT NULL,
  failing_us BIGINT NOT NULL,
  PRIMARY KEY (client, id),
  UNIQUE (id)
);
-- One document for a hook: an operation at one step. pending marks one that is
-- looked at again.
CREATE TABLE webhook_delivery (
  client    BIGINT NOT NULL,
  id        BYTEA NOT NULL,
  hook      BYTEA NOT NULL,
  operation BYTEA NOT NULL,
  step      BIGINT NOT NULL,
  type      TEXT NOT NULL,
  pending   BIGINT NOT NULL,
  body      BYTEA NOT NULL,
  at_us     BIGINT NOT NULL,
  state     BIGINT NOT NULL,
  tries     BIGINT NOT NULL,
  status    BIGINT NOT NULL,
  problem   TEXT NOT NULL,
  next_us   BIGINT,
  done_us   BIGINT NOT NULL,
  PRIMARY KEY (client, id),
  UNIQUE (hook, operation, step, type)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_us) WHERE next_us IS NOT NULL;
CREATE INDEX webhook_delivery_log ON webhook_delivery (client, hook, id);
CREATE INDEX webhook_delivery_pending ON webhook_delivery (hook) WHERE pending = 1;
