-- +goose Up
-- The bank's price lists, one row each. content is the file in its canonical
-- form; what is in force never changes.
CREATE TABLE tariff_version (
  number  INTEGER NOT NULL PRIMARY KEY,
  from_us INTEGER NOT NULL UNIQUE,
  content TEXT NOT NULL,
  kept_us INTEGER NOT NULL
) STRICT;
-- Which bank issued a card: the operator's tables of prefixes as they came, the
-- newest is in force.
CREATE TABLE bin_table (
  number  INTEGER NOT NULL PRIMARY KEY,
  content TEXT NOT NULL,
  lines   INTEGER NOT NULL,
  kept_us INTEGER NOT NULL
) STRICT;
-- By which version and rule an operation was priced, and how much of it the
-- free part of the month covered. Nought: it is older than versions, or free of
-- tariffs.
ALTER TABLE operation ADD COLUMN tariff INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN tariff_rule INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operation ADD COLUMN free_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE topup ADD COLUMN tariff INTEGER NOT NULL DEFAULT 0;
ALTER TABLE topup ADD COLUMN tariff_rule INTEGER NOT NULL DEFAULT 0;
ALTER TABLE topup ADD COLUMN free_minor INTEGER NOT NULL DEFAULT 0;
