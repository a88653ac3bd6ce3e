-- +goose Up
-- What a client is asked for before the contact centre's proposal about his own
-- data may be approved: pages photographed anew, and his signed word. id is the
-- proposal's; signed is the order by which he confirms it, a new one each time
-- he is asked. wish, what is to change, is sealed (class pii).
CREATE TABLE paper_request (
  client     BIGINT NOT NULL,
  id         BYTEA NOT NULL,
  signed     BYTEA NOT NULL,
  state      BIGINT NOT NULL,
  wish       BYTEA NOT NULL,
  uploads    BIGINT NOT NULL,
  asked_us   BIGINT NOT NULL,
  changed_us BIGINT NOT NULL,
  PRIMARY KEY (client, id)
);
-- The pages that came. print is the SHA-256 of the kept picture, as it stands in
-- the order.
CREATE TABLE paper_page (
  request BYTEA NOT NULL,
  page    BIGINT NOT NULL,
  scan    BYTEA NOT NULL,
  print   BYTEA NOT NULL,
  at_us   BIGINT NOT NULL,
  PRIMARY KEY (request, page)
);
