"""Inspection of moments, robots and internal groups: what their people see."""

from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import appchats, moments, robots
from wecom.sandbox.world import Refused, World

Query = dict[str, str]


def show_moment(world: World, query: Query, moment_id: str) -> dict[str, Any]:
    """A moment, who was asked, who sees it at whom, and what they said."""
    moment = moments.find(world, moment_id)
    store = world.store
    return {
        "moment": moments.card(moment),
        "senders": [
            dict(row)
            for row in store.rows(
                "SELECT userid, published_at FROM moment_sender WHERE moment_id = ?", moment_id
            )
        ],
        "audience": [
            dict(row)
            for row in store.rows(
                "SELECT userid, external_userid, reached, at FROM moment_audience"
                " WHERE moment_id = ? LIMIT 5000",
                moment_id,
            )
        ],
        "reactions": [
            dict(row)
            for row in store.rows(
                "SELECT userid, kind, person, text, at FROM moment_reaction WHERE moment_id = ?",
                moment_id,
            )
        ],
    }


def show_timeline(world: World, query: Query, customer: str) -> dict[str, Any]:
    """A customer's moments, newest first."""
    return {"moments": moments.timeline_of(world, customer)}


def show_moment_tasks(world: World, query: Query, userid: str) -> dict[str, Any]:
    """The moments a member is asked to publish, and those he published."""
    return {"moments": moments.tasks_of_member(world, userid)}


def show_webhook(world: World, query: Query, key: str) -> dict[str, Any]:
    """A webhook robot and its group."""
    row = appchats.find_webhook(world, key)
    if row is None:
        raise Refused("没有这个群机器人")
    shown = dict(row) | {"robot_id": appchats.robot_id_of(world, key)}
    return {"webhook": shown} | appchats.card(world, row["chatid"])


def show_appchat(world: World, query: Query, chatid: str) -> dict[str, Any]:
    """An internal group and what was said in it."""
    return appchats.card(world, chatid)


def show_aibot(world: World, query: Query, aibotid: str) -> dict[str, Any]:
    """A smart robot, what it was asked and what it said."""
    return robots.card(world, aibotid)


STATES: dict[str, Callable[[World, Query, str], dict[str, Any]]] = {
    "moment": show_moment,
    "timeline": show_timeline,
    "moment_tasks": show_moment_tasks,
    "webhook": show_webhook,
    "appchat": show_appchat,
    "aibot": show_aibot,
}
