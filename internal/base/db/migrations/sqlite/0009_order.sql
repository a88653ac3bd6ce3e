-- +goose Up
-- What clients confirmed: the order's text and its proof, counter-signed by
-- the bank and sealed for (signed_order, id + client). The row lands with what
-- it confirms. The identifier leads the key because it grows with time; an
-- order is spent once.
CREATE TABLE signed_order (
  id     BLOB NOT NULL,
  client INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  at_us  INTEGER NOT NULL,
  txn    BLOB,
  body   BLOB NOT NULL,
  PRIMARY KEY (id, client)
) STRICT;
-- Codes for one text each: print is the SHA-256 of the text, code a keyed hash.
CREATE TABLE order_code (
  client   INTEGER NOT NULL,
  print    BLOB NOT NULL,
  session  BLOB NOT NULL,
  code     BLOB NOT NULL,
  wrong    INTEGER NOT NULL,
  sent_us  INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  used_us  INTEGER,
  PRIMARY KEY (client, print)
) STRICT;
CREATE INDEX order_code_until ON order_code (until_us);
-- What an API token may move; zero in tokens made before there were caps.
ALTER TABLE api_token ADD COLUMN cap_order_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE api_token ADD COLUMN cap_day_minor INTEGER NOT NULL DEFAULT 0;
