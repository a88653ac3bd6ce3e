-- +goose Up
-- What a client is asked for before the contact centre's proposal about his own
-- data may be approved: pages photographed anew, and his signed word. id is the
-- proposal's; signed is the order by which he confirms it, a new one each time
-- he is asked. wish, what is to change, is sealed (class pii).
CREATE TABLE paper_request (
  client     INTEGER NOT NULL,
  id         BLOB NOT NULL,
  signed     BLOB NOT NULL,
  state      INTEGER NOT NULL,
  wish       BLOB NOT NULL,
  uploads    INTEGER NOT NULL,
  asked_us   INTEGER NOT NULL,
  changed_us INTEGER NOT NULL,
  PRIMARY KEY (client, id)
) STRICT;
-- The pages that came. print is the SHA-256 of the kept picture, as it stands in
-- the order.
CREATE TABLE paper_page (
  request BLOB NOT NULL,
  page    INTEGER NOT NULL,
  scan    BLOB NOT NULL,
  print   BLOB NOT NULL,
  at_us   INTEGER NOT NULL,
  PRIMARY KEY (request, page)
) STRICT;
