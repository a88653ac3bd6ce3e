-- +goose Up
-- Members of staff. The name is ciphertext (class pii); roles are bits.
CREATE TABLE staff_member (
  id         BLOB NOT NULL PRIMARY KEY,
  name       BLOB NOT NULL,
  roles      INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  made_by    BLOB,
  created_us INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;
-- One-time links, found by the keyed hash of their token.
CREATE TABLE staff_link (
  hash     BLOB NOT NULL PRIMARY KEY,
  member   BLOB NOT NULL,
  kind     INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  used_us  INTEGER
) STRICT;
CREATE INDEX staff_link_member ON staff_link (member);
-- Passkeys: what the library keeps of a credential is sealed (class secret).
CREATE TABLE staff_passkey (
  id         BLOB NOT NULL PRIMARY KEY,
  member     BLOB NOT NULL,
  record     BLOB NOT NULL,
  created_us INTEGER NOT NULL,
  used_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_passkey_member ON staff_passkey (member);
-- Passkey dialogues under way, each ended by its first answer.
CREATE TABLE staff_ceremony (
  hash     BLOB NOT NULL PRIMARY KEY,
  kind     INTEGER NOT NULL,
  member   BLOB,
  data     BLOB NOT NULL,
  until_us INTEGER NOT NULL
) STRICT;
CREATE TABLE staff_session (
  hash       BLOB NOT NULL PRIMARY KEY,
  id         BLOB NOT NULL,
  member     BLOB NOT NULL,
  way        INTEGER NOT NULL,
  started_us INTEGER NOT NULL,
  seen_us    INTEGER NOT NULL,
  ends_us    INTEGER NOT NULL,
  ended_us   INTEGER
) STRICT;
CREATE INDEX staff_session_member ON staff_session (member, ended_us);
-- Cases: the reason why a member of staff may look at a client or an application.
CREATE TABLE staff_case (
  id         BLOB NOT NULL PRIMARY KEY,
  kind       INTEGER NOT NULL,
  client     INTEGER NOT NULL,
  subject    TEXT NOT NULL,
  assignee   BLOB,
  state      INTEGER NOT NULL,
  proved_us  INTEGER NOT NULL,
  opened_by  TEXT NOT NULL,
  opened_us  INTEGER NOT NULL,
  changed_us INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_case_client ON staff_case (client, id);
CREATE INDEX staff_case_subject ON staff_case (subject);
CREATE INDEX staff_case_assignee ON staff_case (assignee, state, id);
CREATE TABLE staff_note (
  id      BLOB NOT NULL PRIMARY KEY,
  client  INTEGER NOT NULL,
  case_id BLOB NOT NULL,
  member  BLOB NOT NULL,
  body    BLOB NOT NULL,
  at_us   INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_note_client ON staff_note (client, id);
-- Looks: who opened what of whom and why; the client sees them.
CREATE TABLE staff_look (
  id      BLOB NOT NULL PRIMARY KEY,
  member  BLOB NOT NULL,
  session BLOB NOT NULL,
  role    INTEGER NOT NULL,
  client  INTEGER NOT NULL,
  subject TEXT NOT NULL,
  case_id BLOB NOT NULL,
  what    TEXT NOT NULL,
  reason  BLOB NOT NULL,
  at_us   INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_look_client ON staff_look (client, id);
CREATE INDEX staff_look_member ON staff_look (member, at_us);
-- Proposals: what one pair of eyes may only ask for and another decides.
CREATE TABLE staff_proposal (
  id         BLOB NOT NULL PRIMARY KEY,
  kind       INTEGER NOT NULL,
  client     INTEGER NOT NULL,
  case_id    BLOB NOT NULL,
  maker      BLOB NOT NULL,
  payload    BLOB NOT NULL,
  state      INTEGER NOT NULL,
  checker    BLOB,
  made_us    INTEGER NOT NULL,
  decided_us INTEGER NOT NULL
) STRICT;
CREATE INDEX staff_proposal_state ON staff_proposal (state, id);
CREATE INDEX staff_proposal_client ON staff_proposal (client, id);

-- Watching: how often what happened in an hour, and what was worth a word.
CREATE TABLE watch_cursor (
  name TEXT NOT NULL PRIMARY KEY,
  seq  INTEGER NOT NULL
) STRICT;
CREATE TABLE watch_count (
  kind TEXT NOT NULL,
  hour INTEGER NOT NULL,
  n    INTEGER NOT NULL,
  PRIMARY KEY (kind, hour)
) STRICT;
CREATE TABLE watch_alert (
  id       BLOB NOT NULL PRIMARY KEY,
  kind     TEXT NOT NULL,
  grade    INTEGER NOT NULL,
  subject  TEXT NOT NULL,
  n        INTEGER NOT NULL,
  at_us    INTEGER NOT NULL,
  said_us  INTEGER,
  seen_by  TEXT NOT NULL,
  seen_us  INTEGER
) STRICT;
CREATE INDEX watch_alert_kind ON watch_alert (kind, subject, at_us);
CREATE INDEX watch_alert_unsaid ON watch_alert (id) WHERE said_us IS NULL;
-- Clients nobody has a reason to look at: bait.
CREATE TABLE watch_decoy (
  client   INTEGER NOT NULL PRIMARY KEY,
  made_by  TEXT NOT NULL,
  made_us  INTEGER NOT NULL
) STRICT;
