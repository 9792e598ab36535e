"""What the admin does to members and departments in the console, with its callbacks."""

from typing import Any

from wecom.sandbox.truth import departments, groups, people, renaming, staff
from wecom.sandbox.wire.reading import USERID
from wecom.sandbox.world import Refused, World

from .reading import Act, Body, listed, need, number, optional


def create_member(world: World, body: Body) -> dict[str, Any]:
    """Somebody joins the corp."""
    userid = need(body, "userid")
    if not USERID.fullmatch(userid):
        raise Refused("userid 只能有 1–64 个字母、数字和 _ . - @")
    staff.create_member(
        world,
        userid,
        {name: optional(body, name) for name in staff.WRITTEN} | {"name": need(body, "name")},
        departments=[int(one) for one in listed(body, "department")] or [departments.ROOT],
        status=number(body, "status", staff.ACTIVE),
    )
    return {"userid": userid}


def edit_member(world: World, body: Body) -> dict[str, Any]:
    """Change a member's card, departments or userid; ``verified`` and ``last_login`` quietly."""
    userid = need(body, "userid")
    given = listed(body, "department")
    staff.edit_member(
        world,
        userid,
        {name: body[name] for name in staff.WRITTEN if isinstance(body.get(name), str)},
        departments=[int(one) for one in given] if given else None,
        leads=[int(one) for one in listed(body, "leads")],
    )
    for column in ("verified", "last_login"):
        if column in body:
            world.store.run(
                f"UPDATE member SET {column} = ? WHERE userid = ?",  # noqa: S608 - our own names
                float(body[column]),
                userid,
            )
    if optional(body, "new_userid"):
        renaming.rename_member(world, userid, need(body, "new_userid"))
    return {}


def resign_member(world: World, body: Body) -> dict[str, Any]:
    """A member leaves the corp."""
    staff.resign_member(world, need(body, "userid"))
    return {}


def disable_member(world: World, body: Body) -> dict[str, Any]:
    """A member is barred for a while."""
    staff.edit_member(world, need(body, "userid"), {}, status=staff.DISABLED)
    return {}


def enable_member(world: World, body: Body) -> dict[str, Any]:
    """A barred member, or one who was not activated yet, may work."""
    staff.edit_member(world, need(body, "userid"), {}, status=staff.ACTIVE)
    return {}


def create_department(world: World, body: Body) -> dict[str, Any]:
    """A new department."""
    created = departments.create_department(
        world,
        number(body, "id", 0),
        name=need(body, "name"),
        parentid=number(body, "parentid", departments.ROOT),
        order=number(body, "order", 0),
    )
    return {"id": created}


def edit_department(world: World, body: Body) -> dict[str, Any]:
    """Rename, move or reorder a department."""
    departments.edit_department(
        world,
        number(body, "id"),
        name=optional(body, "name") or None,
        parentid=number(body, "parentid") if "parentid" in body else None,
        order=number(body, "order") if "order" in body else None,
    )
    return {}


def delete_department(world: World, body: Body) -> dict[str, Any]:
    """Dissolve an empty department."""
    departments.delete_department(world, number(body, "id"))
    return {}


def edit_label(world: World, body: Body) -> dict[str, Any]:
    """Put a label of the directory on members or departments, or take it off."""
    departments.edit_label(
        world,
        number(body, "tagid"),
        name=optional(body, "name"),
        add_users=listed(body, "add_users"),
        del_users=listed(body, "del_users"),
        add_parties=listed(body, "add_parties"),
        del_parties=listed(body, "del_parties"),
    )
    return {}


def tell_other_ids(world: World, body: Body) -> dict[str, Any]:
    """Other names of a customer or a group, as mini-programs and service providers see them."""
    told: dict[str, Any] = {}
    if optional(body, "chat_id"):
        chat_id = groups.find_group(world, need(body, "chat_id"))["chat_id"]
        opengid = world.ids.derive("opengid", chat_id, 32, "o")
        told["opengid"] = people.tell_other_name(world, "opengid", opengid, chat_id)
    if optional(body, "customer"):
        customer = people.find_customer(world, need(body, "customer"))["external_userid"]
        agent = number(body, "source_agentid", 0)
        kinds = {"tmp_external_userid": "tmp", "service_external_userid": f"service:{agent}"}
        for name, kind in kinds.items():
            outside = world.ids.derive(kind, customer, 32, "wm")
            told[name] = people.tell_other_name(world, kind, outside, customer)
    return told


def tell_open_userid(world: World, body: Body) -> dict[str, Any]:
    """The member's encrypted id, as third parties and smart robots see it."""
    member = people.find_member(world, need(body, "userid"))
    return {"open_userid": people.open_userid_of(world, member["userid"])}


ACTS: dict[str, Act] = {
    act.__name__: act
    for act in (
        create_member,
        edit_member,
        resign_member,
        disable_member,
        enable_member,
        create_department,
        edit_department,
        delete_department,
        edit_label,
        tell_open_userid,
        tell_other_ids,
    )
}
