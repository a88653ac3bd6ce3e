-- +goose Up
-- The life of a card. The name its owner gave it is ciphertext (class pii), the
-- PVV of its PIN too (class secret). rules holds switches and limits as JSON;
-- empty: those of a new card. Times are business time.
ALTER TABLE card ADD COLUMN name BLOB NOT NULL DEFAULT x'';
ALTER TABLE card ADD COLUMN art INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN main INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;      -- plastic that its owner has not activated
ALTER TABLE card ADD COLUMN suspend_us INTEGER NOT NULL DEFAULT 0; -- until when it is suspended
ALTER TABLE card ADD COLUMN due_us INTEGER;                        -- when the worker looks at it; NULL: never
ALTER TABLE card ADD COLUMN why TEXT NOT NULL DEFAULT '';          -- why it is blocked for ever
ALTER TABLE card ADD COLUMN heir BLOB;                             -- the card that took its place
ALTER TABLE card ADD COLUMN ended_us INTEGER NOT NULL DEFAULT 0;   -- when it was closed or blocked
ALTER TABLE card ADD COLUMN rules TEXT NOT NULL DEFAULT '';
ALTER TABLE card ADD COLUMN merchant TEXT NOT NULL DEFAULT '';     -- the only shop it works at; *: the first one
ALTER TABLE card ADD COLUMN pvv BLOB NOT NULL DEFAULT x'';
ALTER TABLE card ADD COLUMN pin_wrong INTEGER NOT NULL DEFAULT 0;
ALTER TABLE card ADD COLUMN pin_script INTEGER NOT NULL DEFAULT 0; -- the chip is still to be told that the PIN was unblocked
ALTER TABLE card ADD COLUMN dynamic INTEGER NOT NULL DEFAULT 0;    -- its CVC2 changes with time
CREATE INDEX card_due ON card (due_us) WHERE due_us IS NOT NULL;

-- Plastic on its way. place is where to, sealed (class pii).
CREATE TABLE card_delivery (
  client     INTEGER NOT NULL,
  card       BLOB NOT NULL,
  state      INTEGER NOT NULL,
  place      BLOB NOT NULL,
  ordered_us INTEGER NOT NULL,
  made_us    INTEGER NOT NULL,
  sent_us    INTEGER NOT NULL,
  handed_us  INTEGER NOT NULL,
  active_us  INTEGER NOT NULL,
  PRIMARY KEY (client, card)
) STRICT;
CREATE INDEX card_delivery_state ON card_delivery (state, ordered_us);
