"""The API shows a group as it was a moment ago: its details follow events by some seconds."""

import json
from dataclasses import dataclass
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import World


@dataclass(frozen=True)
class Shown:
    """A group and who is inside, as the API shows them."""

    group: dict[str, Any]
    members: list[dict[str, Any]]


def present(world: World, chat_id: str) -> Shown | None:
    """A group as it is, None when it never was."""
    row = world.store.row("SELECT * FROM group_chat WHERE chat_id = ?", chat_id)
    return None if row is None else Shown(dict(row), members_of(world, chat_id))


def shown(world: World, chat_id: str) -> Shown | None:
    """A group as it was before the lag, None when it was not yet."""
    lag = world.switches.on.group_lag_s
    if lag:
        past = world.store.value(
            "SELECT shown FROM group_past WHERE chat_id = ? AND changed_at > ?"
            " ORDER BY changed_at, id LIMIT 1",
            chat_id,
            world.clock.now() - lag,
        )
        if past is not None:
            read = json.loads(past)
            return None if read is None else Shown(**read)
    return present(world, chat_id)


def remember(world: World, chat_id: str) -> None:
    """The group is about to change: keep how it is, as long as the API shows it."""
    lag = world.switches.on.group_lag_s
    if not lag:
        return
    now = present(world, chat_id)
    kept = None if now is None else {"group": now.group, "members": now.members}
    moment = world.clock.now()
    world.store.run(
        "DELETE FROM group_past WHERE chat_id = ? AND changed_at <= ?", chat_id, moment - lag
    )
    world.store.run(
        "INSERT INTO group_past (chat_id, changed_at, shown) VALUES (?, ?, ?)",
        chat_id,
        moment,
        pack(kept),
    )


def members_of(world: World, chat_id: str) -> list[dict[str, Any]]:
    """Everybody inside, with names, in the order of joining."""
    return [
        dict(row)
        for row in world.store.rows(
            "SELECT member_id, group_member.type, joined_at, join_scene, invitor,"
            " nickname, state, coalesce(member.name, customer.name, member_id) AS name,"
            " customer.unionid AS unionid,"
            " coalesce(member.avatar, customer.avatar, '') AS avatar"
            " FROM group_member"
            " LEFT JOIN member ON group_member.type = 1 AND member.userid = member_id"
            " LEFT JOIN customer ON group_member.type = 2"
            " AND customer.external_userid = member_id"
            " JOIN group_chat USING (chat_id)"
            " WHERE chat_id = ? ORDER BY joined_at, member_id != group_chat.owner,"
            " group_member.type, member_id",
            chat_id,
        )
    ]
