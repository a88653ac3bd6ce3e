-- +goose Up
-- What clients got back for disputes until the network returns it: number 6 of
-- the bank's chart.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  WITH RECURSIVE chart (slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM chart WHERE slot < 63)
  SELECT 6 * 64 + slot, 0, 1, 643, 0, NULL, 0, 0, 0 FROM chart;
-- What a client says is wrong with a card purchase. States below 3 are open;
-- member and txn are sixteen zero bytes until there is one.
CREATE TABLE dispute (
  client          INTEGER NOT NULL,
  id              BLOB NOT NULL,
  operation       BLOB NOT NULL,
  reason          INTEGER NOT NULL,
  state           INTEGER NOT NULL,
  amount_minor    INTEGER NOT NULL, -- what the operation had taken, in roubles
  member          BLOB NOT NULL,    -- of the staff who has it
  made_us         INTEGER NOT NULL,
  promised_us     INTEGER NOT NULL,
  changed_us      INTEGER NOT NULL,
  credit_minor    INTEGER NOT NULL, -- returned to the client
  recovered_minor INTEGER NOT NULL, -- came back from the network for it
  txn             BLOB NOT NULL,    -- of the credit; also its operation
  PRIMARY KEY (client, id)
) STRICT;
CREATE UNIQUE INDEX dispute_open ON dispute (client, operation) WHERE state < 3;
CREATE INDEX dispute_about ON dispute (client, operation);
CREATE INDEX dispute_waits ON dispute (state, promised_us, client, id);
-- Its messages, sealed.
CREATE TABLE dispute_word (
  client  INTEGER NOT NULL,
  id      BLOB NOT NULL,
  dispute BLOB NOT NULL,
  author  INTEGER NOT NULL, -- 1: the client, 2: the bank
  body    BLOB NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
CREATE INDEX dispute_word_of ON dispute_word (client, dispute);
