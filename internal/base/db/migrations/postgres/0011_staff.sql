-- +goose Up
-- Members of staff. The name is ciphertext (class pii); roles are bits.
CREATE TABLE staff_member (
  id         BYTEA NOT NULL PRIMARY KEY,
  name       BYTEA NOT NULL,
  roles      BIGINT NOT NULL,
  state      BIGINT NOT NULL,
  made_by    BYTEA,
  created_us BIGINT NOT NULL,
  changed_us BIGINT NOT NULL
);
-- One-time links, found by the keyed hash of their token.
CREATE TABLE staff_link (
  hash     BYTEA NOT NULL PRIMARY KEY,
  member   BYTEA NOT NULL,
  kind     BIGINT NOT NULL,
  until_us BIGINT NOT NULL,
  used_us  BIGINT
);
CREATE INDEX staff_link_member ON staff_link (member);
-- Passkeys: what the library keeps of a credential is sealed (class secret).
CREATE TABLE staff_passkey (
  id         BYTEA NOT NULL PRIMARY KEY,
  member     BYTEA NOT NULL,
  record     BYTEA NOT NULL,
  created_us BIGINT NOT NULL,
  used_us    BIGINT NOT NULL
);
CREATE INDEX staff_passkey_member ON staff_passkey (member);
-- Passkey dialogues under way, each ended by its first answer.
CREATE TABLE staff_ceremony (
  hash     BYTEA NOT NULL PRIMARY KEY,
  kind     BIGINT NOT NULL,
  member   BYTEA,
  data     BYTEA NOT NULL,
  until_us BIGINT NOT NULL
);
CREATE TABLE staff_session (
  hash       BYTEA NOT NULL PRIMARY KEY,
  id         BYTEA NOT NULL,
  member     BYTEA NOT NULL,
  way        BIGINT NOT NULL,
  started_us BIGINT NOT NULL,
  seen_us    BIGINT NOT NULL,
  ends_us    BIGINT NOT NULL,
  ended_us   BIGINT
);
CREATE INDEX staff_session_member ON staff_session (member, ended_us);
-- Cases: the reason why a member of staff may look at a client or an application.
CREATE TABLE staff_case (
  id         BYTEA NOT NULL PRIMARY KEY,
  kind       BIGINT NOT NULL,
  client     BIGINT NOT NULL,
  subject    TEXT NOT NULL,
  assignee   BYTEA,
  state      BIGINT NOT NULL,
  proved_us  BIGINT NOT NULL,
  opened_by  TEXT NOT NULL,
  opened_us  BIGINT NOT NULL,
  changed_us BIGINT NOT NULL
);
CREATE INDEX staff_case_client ON staff_case (client, id);
CREATE INDEX staff_case_subject ON staff_case (subject);
CREATE INDEX staff_case_assignee ON staff_case (assignee, state, id);
CREATE TABLE staff_note (
  id      BYTEA NOT NULL PRIMARY KEY,
  client  BIGINT NOT NULL,
  case_id BYTEA NOT NULL,
  member  BYTEA NOT NULL,
  body    BYTEA NOT NULL,
  at_us   BIGINT NOT NULL
);
CREATE INDEX staff_note_client ON staff_note (client, id);
-- Looks: who opened what of whom and why; the client sees them.
CREATE TABLE staff_look (
  id      BYTEA NOT NULL PRIMARY KEY,
  member  BYTEA NOT NULL,
  session BYTEA NOT NULL,
  role    BIGINT NOT NULL,
  client  BIGINT NOT NULL,
  subject TEXT NOT NULL,
  case_id BYTEA NOT NULL,
  what    TEXT NOT NULL,
  reason  BYTEA NOT NULL,
  at_us   BIGINT NOT NULL
);
CREATE INDEX staff_look_client ON staff_look (client, id);
CREATE INDEX staff_look_member ON staff_look (member, at_us);
-- Proposals: what one pair of eyes may only ask for and another decides.
CREATE TABLE staff_proposal (
  id         BYTEA NOT NULL PRIMARY KEY,
  kind       BIGINT NOT NULL,
  client     BIGINT NOT NULL,
  case_id    BYTEA NOT NULL,
  maker      BYTEA NOT NULL,
  payload    BYTEA NOT NULL,
  state      BIGINT NOT NULL,
  checker    BYTEA,
  made_us    BIGINT NOT NULL,
  decided_us BIGINT NOT NULL
);
CREATE INDEX staff_proposal_state ON staff_proposal (state, id);
CREATE INDEX staff_proposal_client ON staff_proposal (client, id);

-- Watching: how often what happened in an hour, and what was worth a word.
CREATE TABLE watch_cursor (
  name TEXT NOT NULL PRIMARY KEY,
  seq  BIGINT NOT NULL
);
CREATE TABLE watch_count (
  kind TEXT NOT NULL,
  hour BIGINT NOT NULL,
  n    BIGINT NOT NULL,
  PRIMARY KEY (kind, hour)
);
CREATE TABLE watch_alert (
  id       BYTEA NOT NULL PRIMARY KEY,
  kind     TEXT NOT NULL,
  grade    BIGINT NOT NULL,
  subject  TEXT NOT NULL,
  n        BIGINT NOT NULL,
  at_us    BIGINT NOT NULL,
  said_us  BIGINT,
  seen_by  TEXT NOT NULL,
  seen_us  BIGINT
);
CREATE INDEX watch_alert_kind ON watch_alert (kind, subject, at_us);
CREATE INDEX watch_alert_unsaid ON watch_alert (id) WHERE said_us IS NULL;
-- Clients nobody has a reason to look at: bait.
CREATE TABLE watch_decoy (
  client   BIGINT NOT NULL PRIMARY KEY,
  made_by  TEXT NOT NULL,
  made_us  BIGINT NOT NULL
);
