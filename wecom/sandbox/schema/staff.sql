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

-- Groups: what the API still shows of the past, and who is gone -------------------------

CREATE TABLE IF NOT EXISTS group_past (
  id INTEGER PRIMARY KEY,
  chat_id TEXT NOT NULL,
  changed_at REAL NOT NULL,
  shown TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS past_of_group ON group_past (chat_id, changed_at);
CREATE TABLE IF NOT EXISTS group_leaver (
  id INTEGER PRIMARY KEY,
  chat_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  joined_at INTEGER NOT NULL,
  left_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS leavers_of_group ON group_leaver (chat_id, left_at);
CREATE TABLE IF NOT EXISTS group_welcome (
  template_id TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What happened between members and customers, by day, for the statistics:
-- kind: applied (the member asked), gained, lost (deleted or barred by the customer)
CREATE TABLE IF NOT EXISTS contact_log (
  id INTEGER PRIMARY KEY,
  userid TEXT NOT NULL COLLATE NOCASE,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS contact_log_of_member ON contact_log (userid, at);

-- Tags that were deleted: the API names them when asked by id.
CREATE TABLE IF NOT EXISTS tag_gone (
  tag_id TEXT PRIMARY KEY,
  group_id TEXT NOT NULL,
  name TEXT NOT NULL,
  ord INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_gone_of_group ON tag_gone (group_id);
CREATE TABLE IF NOT EXISTS tag_group_gone (
  group_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  ord INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  strategy_id INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
