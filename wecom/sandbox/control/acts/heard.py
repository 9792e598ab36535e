"""What changes what archive and data zone hear: taking words back, keyword rules."""

from typing import Any

from wecom.sandbox.truth import chats, zone
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, need, optional


def recall_message(world: World, body: Body) -> dict[str, Any]:
    """Whoever said something to a person or in a group takes it back."""
    chats.take_back(world, msgid=need(body, "msgid"), person=need(body, "person"))
    return {}


def keyword_rule(world: World, body: Body) -> dict[str, Any]:
    """An admin makes a keyword rule of the data zone, or gives a known one other words."""
    words = body.get("words")
    if not isinstance(words, list):
        raise Refused("words 必须是列表")
    rule_id = zone.make_rule(
        world,
        name=need(body, "name"),
        words=words,
        rule_id=optional(body, "rule_id"),
    )
    return {"rule_id": rule_id}


def open_zone(world: World, body: Body) -> dict[str, Any]:
    """An admin installs a program in the data zone, or removes it."""
    zone.set_open(world, opened=bool(body.get("open", True)))
    return {}


ACTS: dict[str, Act] = {act.__name__: act for act in (recall_message, keyword_rule, open_zone)}
