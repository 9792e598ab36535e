"""What owners and admins do around groups, hand-overs, tags and applications."""

from typing import Any

from wecom.sandbox.truth import group_welcome, groups, people, transfers
from wecom.sandbox.world import World

from .reading import Act, Body, listed, need, optional


def refuse_transfer(world: World, body: Body) -> dict[str, Any]:
    """The customer does not want the member who is to take over."""
    takeover = people.find_member(world, need(body, "takeover"))["userid"]
    transfers.refuse(world, external_userid=need(body, "customer"), takeover=takeover)
    return {}


def set_group_admins(world: World, body: Body) -> dict[str, Any]:
    """The owner names the group's admins."""
    groups.set_admins(world, chat_id=need(body, "chat_id"), admins=listed(body, "admins"))
    return {}


def change_owner(world: World, body: Body) -> dict[str, Any]:
    """The owner hands the group on."""
    groups.change_owner(world, chat_id=need(body, "chat_id"), owner=need(body, "owner"))
    return {}


def set_notice(world: World, body: Body) -> dict[str, Any]:
    """The owner writes the group's notice."""
    groups.set_notice(world, chat_id=need(body, "chat_id"), text=need(body, "notice"))
    return {}


def apply_group_welcome(world: World, body: Body) -> dict[str, Any]:
    """The owner applies a greeting to a group; without ``template_id`` takes it back."""
    group_welcome.apply_to(
        world, chat_id=need(body, "chat_id"), template_id=optional(body, "template_id")
    )
    return {}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        refuse_transfer,
        set_group_admins,
        change_owner,
        set_notice,
        apply_group_welcome,
    )
}
