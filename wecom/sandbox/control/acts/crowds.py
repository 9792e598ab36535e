"""Acts of many people at one moment, as a shop's opening or a live stream makes them."""

from typing import Any

from wecom.sandbox.truth import friends, groups, people
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, need, optional

MOST = 5000


def burst(world: World, body: Body) -> dict[str, Any]:
    """So many new customers add one guide within one second: events of equal CreateTime."""
    many = int(body.get("many") or 100)
    if not 1 <= many <= MOST:
        raise Refused(f"many 须在 1 到 {MOST} 之间")
    clock, userid = world.clock, need(body, "userid")
    stood, offset = clock.frozen_at is not None, clock.offset
    clock.freeze()
    try:
        added = [
            friends.add_friend(
                world,
                userid=userid,
                external_userid=people.create_customer(world)["external_userid"],
                state=optional(body, "state"),
            )["external_userid"]
            for _ in range(many)
        ]
    finally:
        if not stood:
            clock.thaw()
            clock.move(offset)
    return {"customers": added}


def invite_together(world: World, body: Body) -> dict[str, Any]:
    """A member brings several people into a group at once: one event with an Item for each."""
    wanted = body.get("members")
    if not isinstance(wanted, list) or not wanted:
        raise Refused("缺少 members")
    came = groups.invite_together(
        world,
        chat_id=need(body, "chat_id"),
        invitor=need(body, "invitor"),
        people=[str(each) for each in wanted],
    )
    return {"came": came}


ACTS: dict[str, Act] = {"burst": burst, "invite_together": invite_together}
