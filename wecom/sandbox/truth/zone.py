"""数据与智能专区: keyword rules over what the archive hears, told without the words themselves.

A program of the corp runs inside the zone; the product hears from it only that something
was said or that a rule was hit, and asks with the token what and by whom.
"""

import json
import sqlite3
from typing import Any

from wecom.sandbox.store import pack
from wecom.sandbox.world import Refused, World

from . import events

TOKEN_LIFE_S = 600
NEW_MESSAGE, HIT = "conversation_new_message", "hit_keyword"


def is_open(world: World) -> bool:
    """Whether the corp has a program in the zone."""
    return bool(world.store.setting("zone_open"))


def set_open(world: World, *, opened: bool) -> None:
    """An admin installs the program, or removes it."""
    world.store.put_setting("zone_open", opened)


def make_rule(world: World, *, name: str, words: list[str], rule_id: str = "") -> str:
    """An admin makes a keyword rule, or gives a known one other words."""
    if not words or not all(words):
        raise Refused("关键词规则至少要一个词")
    rule_id = rule_id or world.ids.new("zone_rule", 32, "kr")
    world.store.run("INSERT OR REPLACE INTO zone_rule VALUES (?, ?, ?)", rule_id, name, pack(words))
    set_open(world, opened=True)
    return rule_id


def look_at(world: World, seq: int, content: dict[str, Any]) -> None:
    """Every archived message passes here; rules look at texts only."""
    if not is_open(world):
        return
    tell(world, NEW_MESSAGE)
    if content["msgtype"] != "text":
        return
    said = str(content["text"].get("content", ""))
    hits = [
        row["rule_id"]
        for row in world.store.rows("SELECT * FROM zone_rule ORDER BY rule_id")
        if any(word in said for word in json.loads(row["words"]))
    ]
    for rule_id in hits:
        world.store.run(
            "INSERT INTO zone_hit (seq, rule_id, at) VALUES (?, ?, ?)",
            seq,
            rule_id,
            world.clock.now(),
        )
    if hits:
        tell(world, HIT)


def tell(world: World, event: str) -> None:
    """The program passes an event on as JSON, with a token for the question that follows."""
    for app in events.apps_that_hear(world, "zone"):
        token = world.ids.new("zone_token", 40)
        world.store.run(
            "INSERT INTO zone_token VALUES (?, ?)", token, world.clock.now() + TOKEN_LIFE_S
        )
        letter = {
            "event_type": event,
            "timestamp": world.clock.second(),
            event: {"token": token},
        }
        events.queue_delivery(world, app, "zone", event, pack(letter))


def knows_token(world: World, token: str) -> bool:
    """Whether a token was handed out within ten minutes."""
    return bool(
        world.store.value(
            "SELECT 1 FROM zone_token WHERE token = ? AND expires_at >= ?",
            token,
            world.clock.now(),
        )
    )


def hits_of(world: World, seq: int) -> list[sqlite3.Row]:
    """Rules that a message hit."""
    return world.store.rows(
        "SELECT DISTINCT rule_id, name FROM zone_hit JOIN zone_rule USING (rule_id)"
        " WHERE seq = ? ORDER BY rule_id",
        seq,
    )
