-- +goose Up
-- Whom clients keep in their contact books. person is the name and the phone,
-- under the client's own key; phone is the number's keyed hash, one for a book.
CREATE TABLE friend (
  client    INTEGER NOT NULL,
  id        BLOB NOT NULL,
  phone     BLOB NOT NULL,
  person    BLOB NOT NULL,
  favourite INTEGER NOT NULL,
  made_us   INTEGER NOT NULL,
  PRIMARY KEY (client, id),
  UNIQUE (client, phone)
) STRICT;
-- Who agreed to be found by those who have his number, and to find them so.
-- No row: he was never asked, which is a no.
CREATE TABLE friend_discovery (
  client     INTEGER NOT NULL PRIMARY KEY,
  findable   INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;
