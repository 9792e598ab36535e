"""Moments as phone and client show them: with names, pictures, likes and comments."""

from typing import Any

from wecom.sandbox.truth import moments
from wecom.sandbox.truth.people import name_of
from wecom.sandbox.world import World

PICTURES_SHOWN = 9


def posts_for(world: World, customer: str) -> list[dict[str, Any]]:
    """What a customer sees, newest first, and whether she liked it."""
    return [
        dress(world, post, post["userid"])
        | {"at": post["at"], "author": post["name"]}
        | {"liked": is_liked(world, post["moment_id"], post["userid"], customer)}
        for post in moments.timeline_of(world, customer, 40)
    ]


def tasks_for(world: World, userid: str) -> list[dict[str, Any]]:
    """What a member is asked to publish, and what he published, with what came of it."""
    return [
        dress(world, task, userid)
        | {"published_at": task["published_at"], "status": status_of(task)}
        | {"reached": len(moments.reached(world, task["moment_id"], userid))}
        for task in moments.tasks_of_member(world, userid, 40)
    ]


def status_of(task: dict[str, Any]) -> str:
    """waiting, sent or cancelled, as mass sends have it."""
    if task["published_at"]:
        return "sent"
    return "cancelled" if task["cancelled_at"] else "waiting"


def dress(world: World, post: dict[str, Any], userid: str) -> dict[str, Any]:
    """A moment with its pictures apart from its other attachments, and its reactions."""
    attached = post["attachments"]
    reactions = [
        dict(row) | {"name": name_of(world, row["person"])}
        for row in moments.reactions(world, post["moment_id"], userid)
    ]
    return {
        "moment_id": post["moment_id"],
        "userid": userid,
        "text": post["text"],
        "created_at": post["created_at"],
        "is_personal": bool(post["creator"]),
        "pictures": [each for each in attached if each["msgtype"] == "image"][:PICTURES_SHOWN],
        "others": [each for each in attached if each["msgtype"] != "image"],
        "likes": [each["name"] for each in reactions if each["kind"] == moments.LIKE],
        "comments": [each for each in reactions if each["kind"] == moments.COMMENT],
    }


def is_liked(world: World, moment_id: str, userid: str, person: str) -> bool:
    """Whether somebody liked a member's copy already."""
    rows = moments.reactions(world, moment_id, userid)
    return any(row["person"] == person and row["kind"] == moments.LIKE for row in rows)
