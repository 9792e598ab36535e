"""Messages and speakers as the pages of phone and client show them."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.truth import chats
from wecom.sandbox.world import World

FACES = {chats.KF_ACCOUNT: "kf", chats.APPLICATION: "app"}


def read_messages(world: World, chat: chats.Chat) -> list[dict[str, Any]]:
    """The newest messages of a conversation, oldest first, contents unpacked."""
    return [unpack(row) for row in chats.messages_of(world, chat.key)]


def unpack(row: Row) -> dict[str, Any]:
    """One message for a template."""
    return dict(row) | {
        "content": json.loads(row["content"]),
        "face_kind": FACES.get(row["sender_type"], ""),
    }


def names_in(
    world: World, chat: chats.Chat, messages: list[dict[str, Any]], viewer: str
) -> dict[str, dict[str, str]]:
    """Name and picture of everybody who speaks, by id in lower case."""
    wanted = {message["sender"] for message in messages if message["sender"]} | {viewer}
    speakers = json.dumps(sorted(wanted))
    rows = world.store.rows(
        "SELECT userid AS id, name, avatar FROM member"
        " WHERE userid IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT external_userid, name, avatar FROM customer"
        " WHERE external_userid IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT open_kfid, name, avatar FROM kf_account WHERE open_kfid = ?"
        " UNION ALL SELECT CAST(agent_id AS TEXT), name, '' FROM app"
        " WHERE CAST(agent_id AS TEXT) IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT key, name, '' FROM webhook"
        " WHERE key IN (SELECT value FROM json_each(?))"
        " UNION ALL SELECT aibotid, name, '' FROM robot"
        " WHERE aibotid IN (SELECT value FROM json_each(?))",
        speakers,
        speakers,
        chat.place,
        speakers,
        speakers,
        speakers,
    )
    return {row["id"].lower(): {"name": row["name"], "avatar": row["avatar"]} for row in rows}
