"""What members do with internal groups and the robots in them."""

from typing import Any

from wecom.sandbox.truth import appchats, robots
from wecom.sandbox.wire import errands
from wecom.sandbox.wire.robots import converse
from wecom.sandbox.world import World

from .reading import Act, Body, content_of, need, optional


def create_webhook(world: World, body: Body) -> dict[str, Any]:
    """A member adds a webhook robot to an internal group."""
    key = appchats.create_webhook(
        world,
        name=optional(body, "name") or "群机器人",
        chatid=need(body, "chatid"),
        key=optional(body, "key"),
    )
    url = world.options.public(f"/sandbox/cgi-bin/webhook/send?key={key}")
    return {"key": key, "url": url}


def turn_webhook(world: World, body: Body) -> dict[str, Any]:
    """Disable a webhook robot, remove it, or let it in again."""
    appchats.turn_webhook(world, need(body, "key"), need(body, "state"))
    return {}


def say_in_appchat(world: World, body: Body) -> dict[str, Any]:
    """A member speaks in an internal group."""
    msgid = appchats.say(
        world, userid=need(body, "userid"), chatid=need(body, "chatid"), content=content_of(body)
    )
    return {"msgid": msgid}


def create_robot(world: World, body: Body) -> dict[str, Any]:
    """An admin makes a smart robot with a callback address."""
    aibotid = robots.create(
        world,
        aibotid=optional(body, "aibotid"),
        name=optional(body, "name") or "小助手",
        url=need(body, "callback_url"),
        token=need(body, "callback_token"),
        aes_key=need(body, "callback_aes_key"),
    )
    return {"aibotid": aibotid}


def aibot_say(world: World, body: Body) -> dict[str, Any]:
    """A member asks a smart robot, alone or in an internal group."""
    turn = robots.ask(
        world,
        aibotid=need(body, "aibotid"),
        userid=need(body, "userid"),
        content=content_of(body),
        chatid=optional(body, "chatid"),
    )
    errands.start(world, converse(world, turn["msgid"]))
    return {"msgid": turn["msgid"]}


def enter_robot(world: World, body: Body) -> dict[str, Any]:
    """A member opens the conversation with a smart robot; it is told once a day."""
    turn = robots.enter(world, aibotid=need(body, "aibotid"), userid=need(body, "userid"))
    if turn is not None:
        errands.start(world, converse(world, turn["msgid"]))
    return {"told": turn is not None}


def press_robot_card(world: World, body: Body) -> dict[str, Any]:
    """A member presses a button of a smart robot's card."""
    turn = robots.press(
        world, msgid=need(body, "msgid"), userid=need(body, "userid"), key=need(body, "key")
    )
    errands.start(world, converse(world, turn["msgid"]))
    return {"msgid": turn["msgid"]}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        create_webhook,
        turn_webhook,
        say_in_appchat,
        create_robot,
        aibot_say,
        enter_robot,
        press_robot_card,
    )
}
