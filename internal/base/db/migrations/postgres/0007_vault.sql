-- +goose Up
-- The data key of each client, wrapped under the vault's own key class. A
-- shredded one is empty: what was sealed under it opens never again.
CREATE TABLE data_key (
  owner       BIGINT NOT NULL PRIMARY KEY,
  wrapped     BYTEA NOT NULL,
  created_us  BIGINT NOT NULL,
  shredded_us BIGINT
);
