"""Greetings of groups: materials that applications made and owners applied to their groups."""

import json
import sqlite3
from typing import Any

from wecom.sandbox.world import Refused, World

from . import chats
from .people import name_of


def find_template(world: World, template_id: str) -> sqlite3.Row | None:
    """The material, unless it never was or was deleted."""
    return world.store.row("SELECT * FROM group_welcome WHERE template_id = ?", template_id)


def apply_to(world: World, *, chat_id: str, template_id: str) -> None:
    """The owner applies a material to a group, or takes it back with an empty id."""
    if template_id and find_template(world, template_id) is None:
        raise Refused("没有这个入群欢迎语素材")
    changed = world.store.run(
        "UPDATE group_chat SET welcome_template = ? WHERE chat_id = ? AND NOT dismissed",
        template_id,
        chat_id,
    )
    if not changed:
        raise Refused(f"没有这个群，或群已解散：{chat_id}")
    world.live.announce(f"group:{chat_id}")


def greet(world: World, group: sqlite3.Row, person: str) -> None:
    """The client greets who came in, in the owner's name; nothing applied, no greeting."""
    row = find_template(world, group["welcome_template"])
    if row is None:
        return
    contents: list[dict[str, Any]] = json.loads(row["body"])["contents"]
    chat = chats.group(group["chat_id"])
    posts = []
    for content in contents:
        if content["msgtype"] == "text":
            words = content["text"]["content"].replace("%NICKNAME%", name_of(world, person))
            content = chats.text_content(words)
        posts.append(chats.Post(chat, group["owner"], chats.MEMBER, content, "group_welcome"))
    chats.post_all(world, posts)
