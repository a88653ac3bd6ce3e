-- +goose Up
-- The caps that a client set himself on money he sends, in kopecks; nought:
-- none. What he made looser, or took away, holds from next_from_us on; nought:
-- nothing waits.
ALTER TABLE client ADD COLUMN own_one_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN own_day_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN own_month_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN next_one_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN next_day_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN next_month_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE client ADD COLUMN next_from_us BIGINT NOT NULL DEFAULT 0;
