"""A member gets another userid: every place where the old one stands.

Tables are found by their columns, so that a chapter added later is not forgotten.
"""

import json
from itertools import product

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import staff
from .people import find_member

COLUMNS = {
    "userid", "owner", "servicer", "viewer", "member_id", "sender", "invitor", "oper_userid",
    "handover", "takeover", "old_owner", "new_owner", "creator",
}  # fmt: skip
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def rename_member(world: World, userid: str, new_userid: str, *, tell: bool = True) -> None:
    """Give a member another userid; refused when somebody has it."""
    old = find_member(world, userid)["userid"]
    taken = world.store.value("SELECT userid FROM member WHERE userid = ?", new_userid)
    if taken is not None and taken.lower() != old.lower():
        raise Refused(f"已有这位成员：{taken}")
    hearers = staff.hearers_of(world, old)
    with world.store.writing():
        for table in world.store.column(TABLES):
            for column in world.store.rows(f"PRAGMA table_info({table})"):
                if column["name"] in COLUMNS:
                    world.store.run(
                        f"UPDATE {table} SET {column['name']} = ?"  # noqa: S608 - our schema's names
                        f" WHERE {column['name']} = ? COLLATE NOCASE",
                        new_userid,
                        old,
                    )
        rename_chats(world, old, new_userid)
        rename_receivers(world, old, new_userid)
        if tell:
            staff.tell_staff(world, hearers.values(), "update_user", old, {"NewUserID": new_userid})
    world.live.announce("everything")


def rename_chats(world: World, old: str, new: str) -> None:
    """Conversations are kept under a name that holds the userid."""
    for table, kind in product(("chat", "message", "seen"), ("single", "app")):
        before, after = f"{kind}:{old.lower()}:", f"{kind}:{new.lower()}:"
        world.store.run(
            f"UPDATE {table} SET chat_key = ? || substr(chat_key, ?)"  # noqa: S608 - our own names
            " WHERE chat_key >= ? AND chat_key < ?",
            after,
            len(before) + 1,
            before,
            before[:-1] + ";",
        )


def rename_receivers(world: World, old: str, new: str) -> None:
    """Contact-me codes list who stands behind them."""
    rows = world.store.rows(
        "SELECT config_id, receivers, body FROM contact_way WHERE receivers LIKE ?",
        f'%"{old}"%',
    )
    for row in rows:
        body = json.loads(row["body"])
        if body.get("user"):
            body["user"] = [new if each.lower() == old.lower() else each for each in body["user"]]
        receivers = [
            new if each.lower() == old.lower() else each for each in json.loads(row["receivers"])
        ]
        world.store.run(
            "UPDATE contact_way SET receivers = ?, body = ? WHERE config_id = ?",
            pack(receivers),
            pack(body),
            row["config_id"],
        )
