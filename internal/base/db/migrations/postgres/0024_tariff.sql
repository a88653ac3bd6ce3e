-- +goose Up
-- The bank's price lists, one row each. content is the file in its canonical
-- form; what is in force never changes.
CREATE TABLE tariff_version (
  number  BIGINT NOT NULL PRIMARY KEY,
  from_us BIGINT NOT NULL UNIQUE,
  content TEXT NOT NULL,
  kept_us BIGINT NOT NULL
);
-- Which bank issued a card: the operator's tables of prefixes as they came, the
-- newest is in force.
CREATE TABLE bin_table (
  number  BIGINT NOT NULL PRIMARY KEY,
  content TEXT NOT NULL,
  lines   BIGINT NOT NULL,
  kept_us BIGINT NOT NULL
);
-- By which version and rule an operation was priced, and how much of it the
-- free part of the month covered. Nought: it is older than versions, or free of
-- tariffs.
ALTER TABLE operation ADD COLUMN tariff BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN tariff_rule BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN free_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE topup ADD COLUMN tariff BIGINT NOT NULL DEFAULT 0;
ALTER TABLE topup ADD COLUMN tariff_rule BIGINT NOT NULL DEFAULT 0;
ALTER TABLE topup ADD COLUMN free_minor BIGINT NOT NULL DEFAULT 0;
