"""Inspection of moments, robots and internal groups: what their people see."""

from collections.abc import Callable
from typing import Any

from wecom.sandbox.truth import moments
from wecom.sandbox.world import World

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


STATES: dict[str, Callable[[World, Query, str], dict[str, Any]]] = {
    "moment": show_moment,
    "timeline": show_timeline,
    "moment_tasks": show_moment_tasks,
}
