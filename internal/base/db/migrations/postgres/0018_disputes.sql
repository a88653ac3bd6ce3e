-- +goose Up
-- What clients got back for disputes until the network returns it: number 6 of
-- the bank's chart.
INSERT INTO account (id, owner, kind, currency, closed, floor_minor, balance_minor, reserved_minor, version)
  SELECT 6 * 64 + slot, 0, 1, 643, false, NULL, 0, 0, 0 FROM generate_series(0, 63) AS slot;
-- What a client says is wrong with a card purchase. States below 3 are open;
-- member and txn are sixteen zero bytes until there is one.
CREATE TABLE dispute (
  client          BIGINT NOT NULL,
  id              BYTEA NOT NULL,
  operation       BYTEA NOT NULL,
  reason          SMALLINT NOT NULL,
  state           SMALLINT NOT NULL,
  amount_minor    BIGINT NOT NULL, -- what the operation had taken, in roubles
  member          BYTEA NOT NULL,    -- of the staff who has it
  made_us         BIGINT NOT NULL,
  promised_us     BIGINT NOT NULL,
  changed_us      BIGINT NOT NULL,
  credit_minor    BIGINT NOT NULL, -- returned to the client
  recovered_minor BIGINT NOT NULL, -- came back from the network for it
  txn             BYTEA NOT NULL,    -- of the credit; also its operation
  PRIMARY KEY (client, id)
);
CREATE UNIQUE INDEX dispute_open ON dispute (client, operation) WHERE state < 3;
CREATE INDEX dispute_about ON dispute (client, operation);
CREATE INDEX dispute_waits ON dispute (state, promised_us, client, id);
-- Its messages, sealed.
CREATE TABLE dispute_word (
  client  BIGINT NOT NULL,
  id      BYTEA NOT NULL,
  dispute BYTEA NOT NULL,
  author  SMALLINT NOT NULL, -- 1: the client, 2: the bank
  body    BYTEA NOT NULL,
  at_us   BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
CREATE INDEX dispute_word_of ON dispute_word (client, dispute);
