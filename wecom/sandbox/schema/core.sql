-- Everything the sandbox knows. One file is one corp.

CREATE TABLE IF NOT EXISTS setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (kind TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;

-- Applications and what they were handed -------------------------------------

CREATE TABLE IF NOT EXISTS app (
  agent_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  secret TEXT NOT NULL UNIQUE,
  callback_url TEXT NOT NULL DEFAULT '',
  callback_token TEXT NOT NULL DEFAULT '',
  callback_aes_key TEXT NOT NULL DEFAULT '',
  sidebar_url TEXT NOT NULL DEFAULT '',
  home_url TEXT NOT NULL DEFAULT '',
  trusted_domain TEXT NOT NULL DEFAULT '',
  events TEXT NOT NULL DEFAULT '[]',
  visible_departments TEXT NOT NULL DEFAULT '',
  trusted_ips TEXT NOT NULL DEFAULT '[]',
  callable_contacts INTEGER NOT NULL DEFAULT 1,
  inactive INTEGER NOT NULL DEFAULT 0,
  disabled INTEGER NOT NULL DEFAULT 0,
  contact_sync INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS token (
  token TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  expires_at REAL NOT NULL,
  bad_errcode INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS token_of_app ON token (agent_id, expires_at);
CREATE TABLE IF NOT EXISTS ticket (
  ticket TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS oauth_code (
  code TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_type INTEGER NOT NULL,
  app_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  expires_at REAL NOT NULL,
  used_at REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS oauth_grant (
  token TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  scope TEXT NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;

-- People ---------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS department (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  parentid INTEGER NOT NULL DEFAULT 0,
  ord INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS member (
  userid TEXT PRIMARY KEY COLLATE NOCASE,
  name TEXT NOT NULL,
  position TEXT NOT NULL DEFAULT '',
  avatar TEXT NOT NULL DEFAULT '',
  main_department INTEGER NOT NULL DEFAULT 1,
  status INTEGER NOT NULL DEFAULT 1,
  contact INTEGER NOT NULL DEFAULT 1,
  archived INTEGER NOT NULL DEFAULT 0,
  verified INTEGER NOT NULL DEFAULT 1,
  mobile TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  biz_mail TEXT NOT NULL DEFAULT '',
  last_login REAL NOT NULL DEFAULT 0,
  left_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS member_department (
  department_id INTEGER NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  ord INTEGER NOT NULL DEFAULT 0,
  is_leader INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (department_id, userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS departments_of_member ON member_department (userid);
CREATE TABLE IF NOT EXISTS customer (
  external_userid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  unionid TEXT NOT NULL UNIQUE,
  avatar TEXT NOT NULL DEFAULT '',
  gender INTEGER NOT NULL DEFAULT 0,
  type INTEGER NOT NULL DEFAULT 1,
  archive_agreed INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS newest_customers ON customer (created_at, external_userid);

-- status: friends, half, deleted_by_customer, deleted_by_member (wecom.md 8.4)
CREATE TABLE IF NOT EXISTS friendship (
  userid TEXT NOT NULL COLLATE NOCASE,
  external_userid TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT '',
  add_way INTEGER NOT NULL DEFAULT 0,
  oper_userid TEXT NOT NULL DEFAULT '',
  config_id TEXT NOT NULL DEFAULT '',
  remark TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  remark_corp_name TEXT NOT NULL DEFAULT '',
  remark_mobiles TEXT NOT NULL DEFAULT '[]',
  chatted_at REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (userid, external_userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS followers_of_customer ON friendship (external_userid, userid);
CREATE TABLE IF NOT EXISTS tag_group (
  group_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  ord INTEGER NOT NULL DEFAULT 0,
  agent_id INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  strategy_id INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tag (
  tag_id TEXT PRIMARY KEY,
  group_id TEXT NOT NULL,
  name TEXT NOT NULL,
  ord INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  UNIQUE (group_id, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS friend_tag (
  userid TEXT NOT NULL COLLATE NOCASE,
  external_userid TEXT NOT NULL,
  tag_id TEXT NOT NULL,
  PRIMARY KEY (userid, external_userid, tag_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS friends_by_tag ON friend_tag (tag_id);

-- Codes ----------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS contact_way (
  config_id TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  receivers TEXT NOT NULL,
  next_receiver INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contact_way_age ON contact_way (created_at, config_id);
CREATE TABLE IF NOT EXISTS join_way (
  config_id TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shown_code (
  url TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  shown_at REAL NOT NULL
) WITHOUT ROWID;

-- Groups and conversations ---------------------------------------------------

CREATE TABLE IF NOT EXISTS group_chat (
  chat_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  owner TEXT NOT NULL COLLATE NOCASE,
  notice TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  status INTEGER NOT NULL DEFAULT 0,
  dismissed INTEGER NOT NULL DEFAULT 0,
  version TEXT NOT NULL DEFAULT '',
  admins TEXT NOT NULL DEFAULT '[]',
  dismissed_at INTEGER NOT NULL DEFAULT 0,
  welcome_template TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS groups_of_owner ON group_chat (owner, chat_id);
CREATE TABLE IF NOT EXISTS group_member (
  chat_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  type INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  join_scene INTEGER NOT NULL,
  invitor TEXT NOT NULL DEFAULT '',
  nickname TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (chat_id, member_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS groups_of_person ON group_member (member_id, chat_id);

-- kind: single, group, kf, app. One row per conversation, with its newest message.
CREATE TABLE IF NOT EXISTS chat (
  chat_key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  userid TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
  external_userid TEXT NOT NULL DEFAULT '',
  place TEXT NOT NULL DEFAULT '',
  last_id INTEGER NOT NULL DEFAULT 0,
  last_at REAL NOT NULL DEFAULT 0,
  last_text TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS chats_of_member ON chat (userid, last_id);
CREATE INDEX IF NOT EXISTS chats_of_customer ON chat (external_userid, last_id);
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY,
  msgid TEXT NOT NULL UNIQUE,
  chat_key TEXT NOT NULL,
  sender TEXT NOT NULL,
  sender_type INTEGER NOT NULL,
  source TEXT NOT NULL,
  content TEXT NOT NULL,
  sent_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_chat ON message (chat_key, id);
CREATE TABLE IF NOT EXISTS seen (
  viewer TEXT NOT NULL COLLATE NOCASE,
  chat_key TEXT NOT NULL,
  last_id INTEGER NOT NULL,
  PRIMARY KEY (viewer, chat_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS archive (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  msgid TEXT NOT NULL UNIQUE,
  message TEXT NOT NULL,
  at REAL NOT NULL
);

-- Welcome, mass sends, media -------------------------------------------------

CREATE TABLE IF NOT EXISTS welcome_slot (
  slot_id INTEGER PRIMARY KEY,
  userid TEXT NOT NULL COLLATE NOCASE,
  external_userid TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open',
  winner INTEGER NOT NULL DEFAULT 0,
  added_at REAL NOT NULL,
  expires_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS welcome_of_pair ON welcome_slot (userid, external_userid);
CREATE TABLE IF NOT EXISTS welcome_code (
  code TEXT PRIMARY KEY,
  slot_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mass_task (
  msgid TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  chat_type TEXT NOT NULL,
  contents TEXT NOT NULL,
  allow_select INTEGER NOT NULL DEFAULT 0,
  open_choice INTEGER NOT NULL DEFAULT 0,
  created_at REAL NOT NULL,
  ready_at REAL NOT NULL,
  cancelled_at REAL,
  creator TEXT NOT NULL DEFAULT '' COLLATE NOCASE
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mass_task_age ON mass_task (created_at, msgid);
CREATE TABLE IF NOT EXISTS mass_assignment (
  msgid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  status INTEGER NOT NULL DEFAULT 0,
  send_time INTEGER,
  PRIMARY KEY (msgid, userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_of_member ON mass_assignment (userid, status);
CREATE TABLE IF NOT EXISTS mass_row (
  msgid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  target TEXT NOT NULL,
  status INTEGER NOT NULL DEFAULT 0,
  send_time INTEGER,
  PRIMARY KEY (msgid, userid, target)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS received_by_target ON mass_row (target, send_time) WHERE status = 1;
CREATE TABLE IF NOT EXISTS mass_reminder (msgid TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS reminders_of_task ON mass_reminder (msgid, at);
CREATE TABLE IF NOT EXISTS media (
  media_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  data BLOB NOT NULL,
  created_at REAL NOT NULL
);

-- 微信客服 ---------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS kf_account (
  open_kfid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  avatar TEXT NOT NULL DEFAULT '',
  managed INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kf_servicer (
  open_kfid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  status INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (open_kfid, userid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kf_session (
  open_kfid TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  state INTEGER NOT NULL DEFAULT 4,
  servicer TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
  wrote_at REAL NOT NULL DEFAULT 0,
  answers INTEGER NOT NULL DEFAULT 0,
  welcomed_at REAL NOT NULL DEFAULT 0,
  scene TEXT NOT NULL DEFAULT '',
  scene_param TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (open_kfid, external_userid)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kf_feed (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  open_kfid TEXT NOT NULL,
  item TEXT NOT NULL,
  at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS kf_feed_of_account ON kf_feed (open_kfid, seq);
CREATE TABLE IF NOT EXISTS kf_code (
  code TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  open_kfid TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  expires_at REAL NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kf_token (
  token TEXT PRIMARY KEY,
  open_kfid TEXT NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;

-- Callbacks, calls, faults ---------------------------------------------------

CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY,
  event_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  event TEXT NOT NULL,
  change_type TEXT NOT NULL DEFAULT '',
  inner_xml TEXT NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 1,
  state TEXT NOT NULL DEFAULT 'waiting',
  due_at REAL NOT NULL,
  at REAL NOT NULL,
  http_status INTEGER,
  latency_ms REAL,
  error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_due ON delivery (due_at, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS deliveries_of_event ON delivery (event_id);
CREATE TABLE IF NOT EXISTS call (
  id INTEGER PRIMARY KEY,
  at REAL NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  agent_id INTEGER,
  query TEXT NOT NULL,
  body TEXT NOT NULL,
  errcode INTEGER,
  errmsg TEXT NOT NULL,
  ms REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  errcode INTEGER,
  errmsg TEXT NOT NULL DEFAULT '',
  http_status INTEGER,
  delay_s REAL NOT NULL DEFAULT 0,
  times INTEGER NOT NULL DEFAULT 1,
  cut INTEGER NOT NULL DEFAULT 0
);
