-- +goose Up
-- due_us: 0 at once, NULL given up; a taken event is due again when its lease ends.
CREATE TABLE outbox (
  id       BLOB NOT NULL PRIMARY KEY,
  topic    TEXT NOT NULL,
  owner    INTEGER NOT NULL,
  payload  BLOB NOT NULL,
  attempts INTEGER NOT NULL,
  due_us   INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (due_us, id) WHERE due_us IS NOT NULL;
