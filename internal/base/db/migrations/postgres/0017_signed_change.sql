-- +goose Up
-- Orders that moved no money (new passkeys, changed ways in, tokens) are listed
-- for their client; those that moved some are found by their operation.
CREATE INDEX signed_order_change ON signed_order (client, id) WHERE txn IS NULL;
