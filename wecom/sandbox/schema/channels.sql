-- Moments, cards, internal groups, robots, acquisition, strategies: what stands beside
-- friendships, groups and mass sends.

-- Work that the real service does behind a jobid --------------------------------

CREATE TABLE IF NOT EXISTS job (
  jobid TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  agent_id INTEGER NOT NULL,
  created_at REAL NOT NULL,
  -- By the simulated clock; 0 while somebody is still at work.
  done_at REAL NOT NULL DEFAULT 0,
  request TEXT NOT NULL DEFAULT '{}',
  result TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_of_app ON job (agent_id, kind, done_at);

-- 客户朋友圈 --------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS moment (
  moment_id TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL DEFAULT 0,
  creator TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
  text TEXT NOT NULL DEFAULT '',
  attachments TEXT NOT NULL DEFAULT '[]',
  tags TEXT NOT NULL DEFAULT '[]',
  is_public INTEGER NOT NULL DEFAULT 1,
  created_at REAL NOT NULL,
  ready_at REAL NOT NULL,
  cancelled_at REAL NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moment_age ON moment (created_at, moment_id);
CREATE TABLE IF NOT EXISTS moment_sender (
  moment_id TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  published_at REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (moment_id, userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moments_of_member ON moment_sender (userid, moment_id);
-- reached: 1 the customer sees it, 0 she had enough in this window.
CREATE TABLE IF NOT EXISTS moment_audience (
  moment_id TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  external_userid TEXT NOT NULL,
  reached INTEGER NOT NULL DEFAULT 1,
  at REAL NOT NULL,
  PRIMARY KEY (moment_id, userid, external_userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moments_of_customer ON moment_audience (external_userid, at);
CREATE TABLE IF NOT EXISTS moment_reaction (
  id INTEGER PRIMARY KEY,
  moment_id TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  kind TEXT NOT NULL,
  person TEXT NOT NULL,
  is_member INTEGER NOT NULL DEFAULT 0,
  text TEXT NOT NULL DEFAULT '',
  at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS reactions_of_moment ON moment_reaction (moment_id, userid, id);

-- Messages of applications to members ---------------------------------------------

CREATE TABLE IF NOT EXISTS app_message (
  msgid TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  task_id TEXT NOT NULL DEFAULT '',
  sent_at REAL NOT NULL,
  recalled INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cards_of_app ON app_message (agent_id, task_id) WHERE task_id != '';
-- One row per member who got it; message_id is the message in his conversation.
CREATE TABLE IF NOT EXISTS app_copy (
  msgid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  agent_id INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  at REAL NOT NULL,
  PRIMARY KEY (msgid, userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS copies_of_member ON app_copy (userid, agent_id, at);
CREATE TABLE IF NOT EXISTS response_code (
  code TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  msgid TEXT NOT NULL,
  expires_at REAL NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS app_menu (
  agent_id INTEGER PRIMARY KEY,
  buttons TEXT NOT NULL
);

-- Internal groups made by applications, and their robots ---------------------------

CREATE TABLE IF NOT EXISTS appchat (
  chatid TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  owner TEXT NOT NULL COLLATE NOCASE,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS appchat_member (
  chatid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (chatid, userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS appchats_of_member ON appchat_member (userid);
-- state: active, disabled, removed, expelled (the group is gone from it)
CREATE TABLE IF NOT EXISTS webhook (
  key TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  chatid TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'active'
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhook_call (
  key TEXT NOT NULL,
  at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_calls ON webhook_call (key, at);

-- 智能机器人 --------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS robot (
  aibotid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  callback_url TEXT NOT NULL,
  callback_token TEXT NOT NULL,
  callback_aes_key TEXT NOT NULL
) WITHOUT ROWID;
-- What a robot was asked: message, card press, or that somebody came in.
-- state: waiting, streaming, answered, failed, silent
CREATE TABLE IF NOT EXISTS robot_turn (
  msgid TEXT PRIMARY KEY,
  aibotid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  chatid TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL,
  asked TEXT NOT NULL,
  stream_id TEXT NOT NULL DEFAULT '',
  answer_id TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'waiting',
  error TEXT NOT NULL DEFAULT '',
  polls INTEGER NOT NULL DEFAULT 0,
  at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS turns_of_robot ON robot_turn (aibotid, userid, at);
CREATE TABLE IF NOT EXISTS robot_url (
  code TEXT PRIMARY KEY,
  msgid TEXT NOT NULL,
  expires_at REAL NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS robot_file (
  code TEXT PRIMARY KEY,
  aibotid TEXT NOT NULL,
  media_id TEXT NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;

-- 微信客服, the rest ---------------------------------------------------------------

CREATE TABLE IF NOT EXISTS kf_department (
  open_kfid TEXT NOT NULL,
  department_id INTEGER NOT NULL,
  PRIMARY KEY (open_kfid, department_id)
) WITHOUT ROWID;
-- Which message of the feed stands where in the conversation.
CREATE TABLE IF NOT EXISTS kf_said (
  open_kfid TEXT NOT NULL,
  msgid TEXT NOT NULL,
  message_id TEXT NOT NULL,
  PRIMARY KEY (open_kfid, msgid)
) WITHOUT ROWID;
-- who: customer (she refuses the account) or servicer (he refuses her)
CREATE TABLE IF NOT EXISTS kf_rejection (
  open_kfid TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  who TEXT NOT NULL,
  PRIMARY KEY (open_kfid, external_userid, who)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kf_upgrade (
  open_kfid TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  type INTEGER NOT NULL,
  target TEXT NOT NULL,
  wording TEXT NOT NULL DEFAULT '',
  at REAL NOT NULL,
  PRIMARY KEY (open_kfid, external_userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kf_feed_age ON kf_feed (at);
CREATE TABLE IF NOT EXISTS kf_knowledge_group (
  group_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  is_default INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kf_intent (
  intent_id TEXT PRIMARY KEY,
  group_id TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kf_intents_of_group ON kf_intent (group_id, intent_id);
CREATE TABLE IF NOT EXISTS kf_call (at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS kf_calls ON kf_call (at);

-- Archive and data zone --------------------------------------------------------------

CREATE TABLE IF NOT EXISTS archive_file (
  sdkfileid TEXT PRIMARY KEY,
  media_id TEXT NOT NULL,
  md5 TEXT NOT NULL,
  size INTEGER NOT NULL,
  filename TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS zone_rule (
  rule_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  words TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS zone_hit (
  id INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  rule_id TEXT NOT NULL,
  at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS hits_of_message ON zone_hit (seq);
CREATE TABLE IF NOT EXISTS zone_token (
  token TEXT PRIMARY KEY,
  expires_at REAL NOT NULL
) WITHOUT ROWID;

-- 获客助手 -----------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS acquisition_link (
  link_id TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  next_receiver INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS acquisition_customer (
  link_id TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  userid TEXT NOT NULL COLLATE NOCASE,
  state TEXT NOT NULL DEFAULT '',
  at INTEGER NOT NULL,
  received INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (link_id, external_userid, userid)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS acquired_pairs ON acquisition_customer (external_userid, userid);
CREATE TABLE IF NOT EXISTS acquisition_click (
  link_id TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS clicks_of_link ON acquisition_click (link_id, at);
CREATE TABLE IF NOT EXISTS acquisition_key (
  chat_key TEXT PRIMARY KEY,
  link_id TEXT NOT NULL,
  external_userid TEXT NOT NULL,
  userid TEXT NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;

-- Rule groups, products, words -----------------------------------------------------

CREATE TABLE IF NOT EXISTS strategy (
  strategy_id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  parent_id INTEGER NOT NULL DEFAULT 0,
  name TEXT NOT NULL,
  admins TEXT NOT NULL,
  privilege TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS strategy_range (
  strategy_id INTEGER NOT NULL,
  type INTEGER NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (strategy_id, type, target)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS product (
  product_id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intercept_rule (
  rule_id TEXT PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
