-- +goose Up
-- Whom clients keep in their contact books. person is the name and the phone,
-- under the client's own key; phone is the number's keyed hash, one for a book.
CREATE TABLE friend (
  client    BIGINT NOT NULL,
  id        BYTEA NOT NULL,
  phone     BYTEA NOT NULL,
  person    BYTEA NOT NULL,
  favourite BOOLEAN NOT NULL,
  made_us   BIGINT NOT NULL,
  PRIMARY KEY (client, id),
  UNIQUE (client, phone)
);
-- Who agreed to be found by those who have his number, and to find them so.
-- No row: he was never asked, which is a no.
CREATE TABLE friend_discovery (
  client     BIGINT NOT NULL PRIMARY KEY,
  findable   BOOLEAN NOT NULL,
  changed_us BIGINT NOT NULL
);
