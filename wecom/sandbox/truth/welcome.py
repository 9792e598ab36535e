"""Welcome codes: every application gets its own, the first to use one wins, within 20 s."""

from collections.abc import Sequence

from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.world import World

from . import chats


def open_slot(world: World, userid: str, external_userid: str, agents: list[int]) -> dict[int, str]:
    """A code per application for one new friendship; none when the two already chat."""
    chatted = world.store.value(
        "SELECT 1 FROM message WHERE chat_key = ? AND sender_type IN (1, 2) LIMIT 1",
        chats.single(userid, external_userid).key,
    )
    if chatted or not agents:
        return {}
    now = world.clock.now()
    slot = world.store.insert(
        "INSERT INTO welcome_slot (userid, external_userid, added_at, expires_at)"
        " VALUES (?, ?, ?, ?)",
        userid,
        external_userid,
        now,
        now + world.switches.on.welcome_ttl_s,
    )
    codes = {agent: world.ids.new("welcome", 43, "WC_") for agent in agents}
    world.store.run_many(
        "INSERT INTO welcome_code VALUES (?, ?, ?)",
        [(code, slot, agent) for agent, code in codes.items()],
    )
    return codes


def close_slots(world: World, userid: str, external_userid: str) -> None:
    """The friendship ended: codes that wait are worth nothing."""
    world.store.run(
        "UPDATE welcome_slot SET state = 'closed'"
        " WHERE userid = ? AND external_userid = ? AND state = 'open'",
        userid,
        external_userid,
    )


def reopen_unfinished(world: World) -> None:
    """After a killed process: sends that were under way did not happen."""
    world.store.run("UPDATE welcome_slot SET state = 'open' WHERE state = 'sending'")


def claim(world: World, code: str, agent_id: int) -> int:
    """Take the slot for one application, or say why not (41050, 41051, 41096)."""
    slot = world.store.row(
        "SELECT welcome_slot.* FROM welcome_code JOIN welcome_slot USING (slot_id)"
        " WHERE code = ? AND agent_id = ?",
        code,
        agent_id,
    )
    if slot is None or slot["state"] == "closed":
        raise ApiError(41050)
    if slot["state"] == "done":
        raise ApiError(41051)
    if slot["state"] == "sending":
        raise ApiError(41096)
    if slot["expires_at"] < world.clock.now():
        raise ApiError(41050)
    if not may_be_heard(world, slot["userid"], slot["external_userid"]):
        raise ApiError(41053)
    chatted = world.store.value(
        "SELECT 1 FROM message WHERE chat_key = ? AND sender_type IN (1, 2)"
        " AND sent_at >= ? LIMIT 1",
        chats.single(slot["userid"], slot["external_userid"]).key,
        slot["added_at"],
    )
    if chatted:
        raise ApiError(41051)
    world.store.run(
        "UPDATE welcome_slot SET state = 'sending', winner = ? WHERE slot_id = ?",
        agent_id,
        slot["slot_id"],
    )
    return int(slot["slot_id"])


def may_be_heard(world: World, userid: str, external_userid: str) -> bool:
    """An archived member greets nobody who has not agreed to the archive."""
    return not world.store.value(
        "SELECT 1 FROM member, customer WHERE userid = ? AND archived"
        " AND external_userid = ? AND NOT archive_agreed",
        userid,
        external_userid,
    )


def deliver(world: World, slot_id: int, contents: Sequence[chats.Content]) -> None:
    """Put the welcome into the conversation, as the member's words, and close the slot."""
    slot = world.store.row("SELECT * FROM welcome_slot WHERE slot_id = ?", slot_id)
    if slot is None:
        raise ApiError(41050)
    chat = chats.single(slot["userid"], slot["external_userid"])
    with world.store.writing():
        world.store.run("UPDATE welcome_slot SET state = 'done' WHERE slot_id = ?", slot_id)
        chats.post_all(
            world,
            [
                chats.Post(chat, slot["userid"], chats.MEMBER, content, "welcome")
                for content in contents
            ],
        )
