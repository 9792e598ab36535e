-- The directory's rest, hand-overs, and what happens by itself later.

CREATE TABLE IF NOT EXISTS due (
  id INTEGER PRIMARY KEY,
  due_at REAL NOT NULL,
  what TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS due_in_order ON due (due_at, id);

-- Columns that the tables of core.sql got since -----------------------------------------

CREATE INDEX IF NOT EXISTS members_gone ON member (left_at, userid) WHERE status = 5;
CREATE INDEX IF NOT EXISTS members_by_mobile ON member (mobile) WHERE mobile != '';
CREATE INDEX IF NOT EXISTS members_by_email ON member (email) WHERE email != '';
CREATE INDEX IF NOT EXISTS members_by_biz_mail ON member (biz_mail) WHERE biz_mail != '';
CREATE INDEX IF NOT EXISTS departments_of_parent ON department (parentid);

-- Labels of the directory (标签), not those of customers.
CREATE TABLE IF NOT EXISTS label (
  tagid INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  agent_id INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS label_member (
  tagid INTEGER NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (tagid, userid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS label_department (
  tagid INTEGER NOT NULL,
  department_id INTEGER NOT NULL,
  PRIMARY KEY (tagid, department_id)
) WITHOUT ROWID;

-- Other names of the same person or group, as they were told: openid, opengid, open_userid.
CREATE TABLE IF NOT EXISTS other_name (
  kind TEXT NOT NULL,
  outside TEXT NOT NULL,
  inside TEXT NOT NULL,
  PRIMARY KEY (kind, outside)
) WITHOUT ROWID;

-- status as transfer_result tells it: 1 done, 2 waiting, 3 refused, 4 takeover full, 5 none
CREATE TABLE IF NOT EXISTS transfer (
  id INTEGER PRIMARY KEY,
  handover TEXT NOT NULL COLLATE NOCASE,
  takeover TEXT NOT NULL COLLATE NOCASE,
  external_userid TEXT NOT NULL,
  resigned INTEGER NOT NULL,
  status INTEGER NOT NULL,
  message TEXT NOT NULL DEFAULT '',
  asked_at REAL NOT NULL,
  takeover_time INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS transfers_of_pair ON transfer (handover, takeover, external_userid);
CREATE INDEX IF NOT EXISTS transfers_of_customer ON transfer (external_userid, status);
CREATE INDEX IF NOT EXISTS transfers_of_takeover ON transfer (takeover, id);
CREATE TABLE IF NOT EXISTS group_transfer (
  id INTEGER PRIMARY KEY,
  chat_id TEXT NOT NULL,
  old_owner TEXT NOT NULL COLLATE NOCASE,
  new_owner TEXT NOT NULL COLLATE NOCASE,
  resigned INTEGER NOT NULL,
  at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS group_transfers_of_chat ON group_transfer (chat_id, at);
CREATE INDEX IF NOT EXISTS group_transfers_to ON group_transfer (new_owner, at);
