-- +goose Up
-- due_us: 0 at once, NULL given up; a taken event is due again when its lease ends.
CREATE TABLE outbox (
  id       BYTEA NOT NULL PRIMARY KEY,
  topic    TEXT NOT NULL,
  owner    BIGINT NOT NULL,
  payload  BYTEA NOT NULL,
  attempts BIGINT NOT NULL,
  due_us   BIGINT
);
CREATE INDEX outbox_due ON outbox (due_us, id) WHERE due_us IS NOT NULL;
