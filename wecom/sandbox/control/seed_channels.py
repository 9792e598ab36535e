"""Seeding of internal groups and robots."""

from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import appchats, people, robots
from wecom.sandbox.world import World

Part = list[dict[str, Any]]


def seed_appchats(world: World, part: Part) -> None:
    """Internal groups; a known one gets the missing members."""
    for group in part:
        owner = people.find_member(world, group["owner"])["userid"]
        members = [owner, *(group.get("members") or [])]
        if appchats.find(world, group["chatid"]) is None:
            appchats.create(
                world,
                chatid=group["chatid"],
                agent_id=group.get("agent_id", 0),
                name=group["name"],
                owner=owner,
                members=members,
            )
        appchats.add(world, group["chatid"], members)


def seed_webhooks(world: World, part: Part) -> None:
    """Webhook robots of internal groups; a known key stays as it is."""
    for robot in part:
        if appchats.find_webhook(world, robot["key"]) is None:
            appchats.create_webhook(
                world, name=robot["name"], chatid=robot["chatid"], key=robot["key"]
            )


def seed_robots(world: World, part: Part) -> None:
    """Smart robots; a known one is overwritten."""
    for robot in part:
        robots.create(
            world,
            aibotid=robot["aibotid"],
            name=robot["name"],
            url=robot["callback_url"],
            token=robot["callback_token"],
            aes_key=robot["callback_aes_key"],
        )


PARTS: dict[str, Callable[[World, Part], None]] = {
    "appchats": seed_appchats,
    "webhooks": seed_webhooks,
    "robots": seed_robots,
}
