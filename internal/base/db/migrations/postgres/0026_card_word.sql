-- +goose Up
-- What a program asked for when its word made a card: print, a keyed hash, tells
-- the same wish from another one; main, whether the card was the main one at
-- once, is the part of the first answer that nothing else keeps.
CREATE TABLE card_word (
  client BIGINT NOT NULL,
  card   BYTEA NOT NULL,
  print  BYTEA NOT NULL,
  main   BIGINT NOT NULL,
  PRIMARY KEY (client, card)
);
