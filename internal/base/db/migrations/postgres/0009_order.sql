-- +goose Up
-- What clients confirmed: the order's text and its proof, counter-signed by
-- the bank and sealed for (signed_order, id + client). The row lands with what
-- it confirms. The identifier leads the key because it grows with time; an
-- order is spent once.
CREATE TABLE signed_order (
  id     BYTEA NOT NULL,
  client BIGINT NOT NULL,
  kind   BIGINT NOT NULL,
  at_us  BIGINT NOT NULL,
  txn    BYTEA,
  body   BYTEA NOT NULL,
  PRIMARY KEY (id, client)
);
-- Codes for one text each: print is the SHA-256 of the text, code a keyed hash.
CREATE TABLE order_code (
  client   BIGINT NOT NULL,
  print    BYTEA NOT NULL,
  session  BYTEA NOT NULL,
  code     BYTEA NOT NULL,
  wrong    BIGINT NOT NULL,
  sent_us  BIGINT NOT NULL,
  until_us BIGINT NOT NULL,
  used_us  BIGINT,
  PRIMARY KEY (client, print)
);
CREATE INDEX order_code_until ON order_code (until_us);
-- What an API token may move; zero in tokens made before there were caps.
ALTER TABLE api_token ADD COLUMN cap_order_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_token ADD COLUMN cap_day_minor BIGINT NOT NULL DEFAULT 0;
