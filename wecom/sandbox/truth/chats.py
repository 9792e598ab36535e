"""Conversations: who said what to whom, where it is kept, and the archive of it.

sender_type: 0 notice of the system, 1 member, 2 customer, 3 customer-service account,
4 application.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from .people import find_customer, find_member

NOTICE, MEMBER, CUSTOMER, KF_ACCOUNT, APPLICATION = range(5)
Content = dict[str, Any]


@dataclass(frozen=True)
class Chat:
    """One conversation; ``place`` is a chat_id, an open_kfid or an agent id."""

    kind: str
    userid: str = ""
    external_userid: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """The name under which it is stored."""
        parts = (self.kind, self.userid.lower(), self.external_userid, self.place)
        return ":".join(part for part in parts if part)


@dataclass(frozen=True)
class Post:
    """One message on its way into a conversation."""

    chat: Chat
    sender: str
    sender_type: int
    content: Content
    source: str = "chat"


Listener = Callable[[World, Sequence[str], Sequence[Post], float], None]
Guard = Callable[[World, str, Content], None]
# Who hears what is said (archive, acquisition), and what may keep a member from saying it.
LISTENERS: list[Listener] = []
GUARDS: list[Guard] = []


def listen(listener: Listener) -> Listener:
    """Let a function hear every message, inside the transaction that stores it."""
    LISTENERS.append(listener)
    return listener


def guard(check: Guard) -> Guard:
    """Let a function refuse what a member says to customers."""
    GUARDS.append(check)
    return check


def single(userid: str, external_userid: str) -> Chat:
    """The conversation of a member and a customer."""
    return Chat("single", userid=userid, external_userid=external_userid)


def group(chat_id: str) -> Chat:
    """The conversation of a customer group."""
    return Chat("group", place=chat_id)


def preview_of(content: Content) -> str:
    """One line for the list of chats."""
    kind = content["msgtype"]
    part = content.get(kind) or {}
    if kind in ("text", "notice", "markdown"):
        return str(part.get("content", ""))[:80]
    if kind in ("link", "textcard", "miniprogram", "news"):
        first = (part.get("articles") or [part])[0]
        return f"[链接] {first.get('title', '')}"[:80]
    if kind == "template_card":
        return f"[卡片] {(part.get('main_title') or {}).get('title', '')}"[:80]
    names = {"image": "[图片]", "video": "[视频]", "voice": "[语音]", "file": "[文件]"}
    return names.get(kind, "[消息]")


def text_content(text: str) -> Content:
    """A plain text as message content."""
    return {"msgtype": "text", "text": {"content": text}}


def notice(chat: Chat, text: str) -> Post:
    """A grey line of the system."""
    content = {"msgtype": "notice", "notice": {"content": text}}
    return Post(chat, "", NOTICE, content, "notice")


def post_all(world: World, posts: Sequence[Post]) -> list[str]:
    """Store the messages in order, let the listeners hear them, tell open pages."""
    if not posts:
        return []
    store, at = world.store, world.clock.now()
    first = world.ids.take_numbers("message", len(posts))
    ids = [world.ids.derive("message", number, 28) for number in range(first, first + len(posts))]
    with store.writing():
        row_id = int(store.value("SELECT coalesce(max(id), 0) FROM message")) + 1
        rows = []
        heads = {}
        for number, (msgid, post) in enumerate(zip(ids, posts, strict=True), row_id):
            body = pack(post.content)
            rows.append(
                (
                    number, msgid, post.chat.key, post.sender, post.sender_type,
                    post.source, body, at,
                )
            )  # fmt: skip
            heads[post.chat.key] = (
                post.chat.key, post.chat.kind, post.chat.userid, post.chat.external_userid,
                post.chat.place, number, at, preview_of(post.content),
            )  # fmt: skip
        store.run_many("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        store.run_many(
            "INSERT INTO chat VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (chat_key) DO UPDATE SET last_id = excluded.last_id,"
            " last_at = excluded.last_at, last_text = excluded.last_text",
            heads.values(),
        )
        for listener in LISTENERS:
            listener(world, ids, posts, at)
    announce_posts(world, posts)
    return ids


def announce_posts(world: World, posts: Sequence[Post]) -> None:
    """Hints to the pages that show one of these conversations."""
    topics = set()
    for post in posts[:500]:
        chat = post.chat
        if chat.kind in ("group", "appchat"):
            topics.add(f"{chat.kind}:{chat.place}")
        if chat.external_userid:
            topics.add(f"customer:{chat.external_userid}")
        if chat.userid:
            topics.add(f"member:{chat.userid.lower()}")
    world.live.announce(*topics)


def say_single(
    world: World,
    *,
    userid: str,
    external_userid: str,
    content: Content,
    by_member: bool,
    source: str = "chat",
) -> str:
    """A member and a customer talk; refused when they are not friends."""
    member = find_member(world, userid)
    find_customer(world, external_userid)
    status = world.store.value(
        "SELECT status FROM friendship WHERE userid = ? AND external_userid = ?",
        userid,
        external_userid,
    )
    if status not in ("friends", "half"):
        raise Refused("还不是好友，消息发不出去")
    chat = single(member["userid"], external_userid)
    sender = member["userid"] if by_member else external_userid
    kind = MEMBER if by_member else CUSTOMER
    if by_member:
        check_words(world, sender, content)
    with world.store.writing():
        world.store.run(
            "UPDATE friendship SET chatted_at = ? WHERE userid = ? AND external_userid = ?",
            world.clock.now(),
            userid,
            external_userid,
        )
        return post_all(world, [Post(chat, sender, kind, content, source)])[0]


def check_words(world: World, userid: str, content: Content) -> None:
    """What the corp forbids its members to say."""
    for check in GUARDS:
        check(world, userid, content)


def take_back(world: World, *, msgid: str, person: str) -> None:
    """Whoever said something takes it back: a grey line stays, and the archive hears of it."""
    row = world.store.row("SELECT * FROM message WHERE msgid = ?", msgid)
    if row is None or row["sender"].lower() != person.lower() or row["source"] != "chat":
        raise Refused("没有这条消息，或不是本人发的")
    chat = world.store.row("SELECT * FROM chat WHERE chat_key = ?", row["chat_key"])
    if chat is None:
        raise Refused("没有这段聊天")
    place = Chat(chat["kind"], chat["userid"], chat["external_userid"], chat["place"])
    line = {"msgtype": "notice", "notice": {"content": "撤回了一条消息"}}
    world.store.run("UPDATE message SET content = ? WHERE msgid = ?", pack(line), msgid)
    taken = Post(place, row["sender"], row["sender_type"], {"msgtype": "revoke", "revoke": {}})
    for listener in LISTENERS:
        listener(world, [msgid], [taken], world.clock.now())
    announce_posts(world, [taken])


def say_in_group(
    world: World, *, person: str, chat_id: str, content: Content, source: str = "chat"
) -> str:
    """Somebody inside a group speaks; refused for everybody else."""
    row = world.store.row(
        "SELECT member_id, type FROM group_member JOIN group_chat USING (chat_id)"
        " WHERE chat_id = ? AND member_id = ? COLLATE NOCASE AND NOT dismissed",
        chat_id,
        person,
    )
    if row is None:
        raise Refused("不在这个群里，或群已解散")
    sender_type = MEMBER if row["type"] == 1 else CUSTOMER
    if sender_type == MEMBER:
        check_words(world, row["member_id"], content)
    post = Post(group(chat_id), row["member_id"], sender_type, content, source)
    return post_all(world, [post])[0]


def messages_of(world: World, chat_key: str, limit: int = 80) -> list[sqlite3.Row]:
    """The newest messages of a conversation, oldest first."""
    rows = world.store.rows(
        "SELECT * FROM message WHERE chat_key = ? ORDER BY id DESC LIMIT ?",
        chat_key,
        limit,
    )
    return rows[::-1]


def mark_seen(world: World, viewer: str, chat_key: str) -> None:
    """The viewer has the conversation open: nothing in it is unread any more."""
    world.store.run(
        "INSERT INTO seen SELECT ?, chat_key, last_id FROM chat WHERE chat_key = ?"
        " ON CONFLICT (viewer, chat_key) DO UPDATE SET last_id = excluded.last_id",
        viewer,
        chat_key,
    )


def message_card(row: sqlite3.Row) -> dict[str, Any]:
    """A message as the control API shows it."""
    kind, _, rest = str(row["chat_key"]).partition(":")
    return {
        "msgid": row["msgid"],
        "chat": {"kind": kind, "id": rest},
        "from": row["sender"],
        "source": row["source"],
        "content": json.loads(row["content"]),
        "at": row["sent_at"],
    }
