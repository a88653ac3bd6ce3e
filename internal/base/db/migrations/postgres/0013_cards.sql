-- +goose Up
-- The life of a card. The name its owner gave it is ciphertext (class pii), the
-- PVV of its PIN too (class secret). rules holds switches and limits as JSON;
-- empty: those of a new card. Times are business time.
ALTER TABLE card ADD COLUMN name BYTEA NOT NULL DEFAULT '';
ALTER TABLE card ADD COLUMN art BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN main BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;       -- plastic that its owner has not activated
ALTER TABLE card ADD COLUMN suspend_us BIGINT NOT NULL DEFAULT 0;  -- until when it is suspended
ALTER TABLE card ADD COLUMN due_us BIGINT;                         -- when the worker looks at it; NULL: never
ALTER TABLE card ADD COLUMN why TEXT NOT NULL DEFAULT '';          -- why it is blocked for ever
ALTER TABLE card ADD COLUMN heir BYTEA;                            -- the card that took its place
ALTER TABLE card ADD COLUMN ended_us BIGINT NOT NULL DEFAULT 0;    -- when it was closed or blocked
ALTER TABLE card ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE card ADD COLUMN merchant TEXT NOT NULL DEFAULT '';     -- the only shop it works at; *: the first one
ALTER TABLE card ADD COLUMN pvv BYTEA NOT NULL DEFAULT '';
ALTER TABLE card ADD COLUMN pin_wrong BIGINT NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN pin_script BIGINT NOT NULL DEFAULT 0;  -- the chip is still to be told that the PIN was unblocked
ALTER TABLE card ADD COLUMN dynamic BIGINT NOT NULL DEFAULT 0;     -- its CVC2 changes with time
CREATE INDEX card_due ON card (due_us) WHERE due_us IS NOT NULL;

-- Plastic on its way. place is where to, sealed (class pii).
CREATE TABLE card_delivery (
  client     BIGINT NOT NULL,
  card       BYTEA NOT NULL,
  state      BIGINT NOT NULL,
  place      BYTEA NOT NULL,
  ordered_us BIGINT NOT NULL,
  made_us    BIGINT NOT NULL,
  sent_us    BIGINT NOT NULL,
  handed_us  BIGINT NOT NULL,
  active_us  BIGINT NOT NULL,
  PRIMARY KEY (client, card)
);
CREATE INDEX card_delivery_state ON card_delivery (state, ordered_us);
