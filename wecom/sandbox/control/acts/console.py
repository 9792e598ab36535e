"""What owners and admins do around groups, hand-overs, tags and applications."""

from typing import Any

from wecom.sandbox.truth import apps, corp_tags, group_welcome, groups, people, transfers
from wecom.sandbox.world import World

from .reading import Act, Body, listed, need, number, optional


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


def create_tag(world: World, body: Body) -> dict[str, Any]:
    """The admin makes a tag, in a new group when there is none of that name."""
    group_id, tag_id = corp_tags.create(
        world, group_name=need(body, "group_name"), name=need(body, "name")
    )
    return {"group_id": group_id, "id": tag_id}


def rename_tag(world: World, body: Body) -> dict[str, Any]:
    """The admin renames a tag or a group."""
    corp_tags.rename(world, wanted=need(body, "id"), name=need(body, "name"))
    return {}


def delete_tag(world: World, body: Body) -> dict[str, Any]:
    """The admin deletes a tag, or a group with its tags."""
    corp_tags.delete(world, wanted=need(body, "id"))
    return {}


def order_tags(world: World, body: Body) -> dict[str, Any]:
    """The admin orders the tags of ``group_id``, or the groups."""
    corp_tags.order(world, ids=listed(body, "ids"), group_id=optional(body, "group_id"))
    return {}


def set_range(world: World, body: Body) -> dict[str, Any]:
    """The application sees these departments from now on; none named is everything."""
    apps.set_range(world, number(body, "agent_id"), listed(body, "departments"))
    return {}


def disable_app(world: World, body: Body) -> dict[str, Any]:
    """The application is stopped: calls are 50003, gettoken 40001, no callbacks."""
    apps.switch_off(world, number(body, "agent_id"), off=True)
    return {}


def enable_app(world: World, body: Body) -> dict[str, Any]:
    """The application works again."""
    apps.switch_off(world, number(body, "agent_id"), off=False)
    return {}


def reset_secret(world: World, body: Body) -> dict[str, Any]:
    """A new secret; the old one and its tokens are worth nothing."""
    return {"secret": apps.reset_secret(world, number(body, "agent_id"))}


def set_trusted_ips(world: World, body: Body) -> dict[str, Any]:
    """Calls are answered from these addresses only; none named is from everywhere."""
    apps.trust_ips(world, number(body, "agent_id"), listed(body, "ips"))
    return {}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        refuse_transfer,
        set_group_admins,
        change_owner,
        set_notice,
        apply_group_welcome,
        create_tag,
        rename_tag,
        delete_tag,
        order_tags,
        set_range,
        disable_app,
        enable_app,
        reset_secret,
        set_trusted_ips,
    )
}
