"""What members do in applications: enter, tap, write, press a card."""

from typing import Any

from wecom.sandbox.truth import app_messages
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, content_of, need


def agent_of(body: Body) -> int:
    """The application that is meant."""
    agent_id = body.get("agent_id")
    if not isinstance(agent_id, int):
        raise Refused("缺少 agent_id")
    return agent_id


def enter_agent(world: World, body: Body) -> dict[str, Any]:
    """A member opens an application."""
    app_messages.enter(world, userid=need(body, "userid"), agent_id=agent_of(body))
    return {}


def click_menu(world: World, body: Body) -> dict[str, Any]:
    """A member taps an application's menu."""
    return app_messages.click_menu(
        world, userid=need(body, "userid"), agent_id=agent_of(body), key=need(body, "key")
    )


def send_app(world: World, body: Body) -> dict[str, Any]:
    """A member writes to an application."""
    msgid = app_messages.say_to_app(
        world, userid=need(body, "userid"), agent_id=agent_of(body), content=content_of(body)
    )
    return {"msgid": msgid}


def press_card(world: World, body: Body) -> dict[str, Any]:
    """A member presses a button of a card; ``selected`` is question → answers."""
    return app_messages.press_card(
        world,
        userid=need(body, "userid"),
        msgid=need(body, "msgid"),
        key=need(body, "key"),
        selected=body.get("selected"),
    )


def close_agent(world: World, body: Body) -> dict[str, Any]:
    """WeCom suspends an application for inactivity."""
    app_messages.change_activity(world, agent_of(body), inactive=True)
    return {}


def reopen_agent(world: World, body: Body) -> dict[str, Any]:
    """An admin wakes a suspended application."""
    app_messages.change_activity(world, agent_of(body), inactive=False)
    return {}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (enter_agent, click_menu, send_app, press_card, close_agent, reopen_agent)
}
