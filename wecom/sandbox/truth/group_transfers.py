"""Customer groups handed to another owner: of somebody who left, or in service."""

from typing import Any

from wecom.sandbox.world import World

from . import groups, staff, transfers
from .group_lag import remember
from .later import later, on_due

NORMAL, OWNER_LEFT, INHERITING, INHERITED = 0, 1, 2, 3
OFTEN = 2
GROUPS_A_DAY = 300


def why_not(world: World, chat_id: str, new_owner: str, *, resigned: bool) -> int:
    """The row code that forbids it, 0 when nothing does."""
    row = world.store.row("SELECT * FROM group_chat WHERE chat_id = ?", chat_id)
    if row is None:
        return 90501
    if row["dismissed"]:
        return 49008
    if row["status"] in (INHERITING, INHERITED) and resigned:
        return 90507 if row["status"] == INHERITING else 90508
    if row["owner"].lower() == new_owner.lower():
        return 90504
    owner_left = row["status"] == OWNER_LEFT
    if owner_left != resigned:
        return 90500 if resigned else 90502
    if not transfers.may_work(world, new_owner):
        return 40098
    if not resigned and was_moved_often(world, chat_id):
        return 40128
    return 45009 if resigned and took_many_today(world, new_owner) else 0


def was_moved_often(world: World, chat_id: str) -> bool:
    """Twice within 90 natural days is as often as a group may be handed on in service."""
    times = world.store.value(
        "SELECT count(*) FROM group_transfer WHERE chat_id = ? AND NOT resigned AND at >= ?",
        chat_id,
        transfers.days_ago(world, transfers.OFTEN_DAYS - 1),
    )
    return int(times) >= OFTEN


def took_many_today(world: World, new_owner: str) -> bool:
    """One member inherits at most 300 groups a day."""
    times = world.store.value(
        "SELECT count(*) FROM group_transfer WHERE new_owner = ? AND resigned AND at >= ?",
        new_owner,
        transfers.days_ago(world, 0),
    )
    return int(times) >= GROUPS_A_DAY


def hand_over(world: World, chat_id: str, new_owner: str, *, resigned: bool) -> None:
    """Change the owner, at once or after the time that the switch says. Made by API: no event."""
    group = groups.find_group(world, chat_id)
    takes = world.switches.on.group_transfer_takes_s if resigned else 0
    with world.store.writing():
        world.store.run(
            "INSERT INTO group_transfer (chat_id, old_owner, new_owner, resigned, at)"
            " VALUES (?, ?, ?, ?, ?)",
            chat_id,
            group["owner"],
            new_owner,
            resigned,
            world.clock.now(),
        )
        body = {"chat_id": chat_id, "new_owner": new_owner, "resigned": resigned}
        if takes:
            set_status(world, chat_id, INHERITING)
            later(world, world.clock.now() + takes, "group_transfer", **body)
        else:
            take_effect(world, body)


@on_due("group_transfer")
def take_effect(world: World, body: dict[str, Any]) -> None:
    """The group has a new owner; somebody who left the corp is no longer inside."""
    chat_id, new_owner = body["chat_id"], body["new_owner"]
    group = groups.find_group(world, chat_id)
    still_here = world.store.value(
        "SELECT 1 FROM member WHERE userid = ? AND status != ?", new_owner, staff.LEFT
    )
    if not still_here:
        set_status(world, chat_id, OWNER_LEFT)
        return
    remember(world, chat_id)
    groups.put_inside(world, chat_id, new_owner, groups.INSIDER, groups.INVITED)
    if body["resigned"]:
        groups.put_outside(world, chat_id, group["owner"])
    groups.set_owner(world, chat_id, new_owner)
    set_status(world, chat_id, INHERITED if body["resigned"] else NORMAL)
    groups.announce(world, chat_id, new_owner)


def set_status(world: World, chat_id: str, status: int) -> None:
    """What groupchat/list says about the owner."""
    world.store.run("UPDATE group_chat SET status = ? WHERE chat_id = ?", status, chat_id)
