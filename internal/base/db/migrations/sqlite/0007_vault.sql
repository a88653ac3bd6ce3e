-- +goose Up
-- The data key of each client, wrapped under the vault's own key class. A
-- shredded one is empty: what was sealed under it opens never again.
CREATE TABLE data_key (
  owner       INTEGER NOT NULL PRIMARY KEY,
  wrapped     BLOB NOT NULL,
  created_us  INTEGER NOT NULL,
  shredded_us INTEGER
) STRICT;
