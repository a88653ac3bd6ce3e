-- +goose Up
-- What went out to cards and did not come through, by client and time: so many
-- in a day, and no more are told to other banks.
CREATE INDEX payout_card_refused ON payout (client, at_us) WHERE way = 1 AND state IN (1, 2, 3, 5);
