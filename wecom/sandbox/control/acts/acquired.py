"""What people do with acquisition links, and what admins buy and delete."""

from typing import Any

from wecom.sandbox.truth import acquisition, chats, people
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, content_of, need


def scan_acquisition_link(world: World, body: Body) -> dict[str, Any]:
    """A customer opens an acquisition link and taps add.

    What the link itself refuses is answered with ``refused``, since it leaves its traces.
    """
    customer = people.find_customer(world, need(body, "customer"))["external_userid"]
    return acquisition.open_link(world, url=need(body, "url"), external_userid=customer)


def start_chat(world: World, body: Body) -> dict[str, Any]:
    """A customer who came by a link speaks to her guide."""
    content = content_of(body) if body.get("text") or body.get("content") else None
    msgid = chats.say_single(
        world,
        userid=need(body, "userid"),
        external_userid=need(body, "customer"),
        content=content or chats.text_content("你好"),
        by_member=False,
    )
    return {"msgid": msgid}


def acquisition_balance(world: World, body: Body) -> dict[str, Any]:
    """What is left of the bought customers; low and empty are told."""
    balance = body.get("balance")
    if not isinstance(balance, int) or balance < 0:
        raise Refused("balance 必须是不小于 0 的整数")
    acquisition.set_balance(world, balance, body.get("total"))
    return {"quota": acquisition.quota_of(world)}


def delete_acquisition_link(world: World, body: Body) -> dict[str, Any]:
    """An admin deletes a link in the console."""
    acquisition.delete_in_console(world, need(body, "link_id"))
    return {}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (scan_acquisition_link, start_chat, acquisition_balance, delete_acquisition_link)
}
