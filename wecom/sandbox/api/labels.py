"""Labels of the directory (tag/*, wecom.md 4.1): groups of members, not of customers."""

from typing import Any

from wecom.sandbox.truth import departments, people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint


def known_label(call: Call, given: dict[str, Any], *, own: bool = False) -> int:
    """The label's number; 40068 unknown, 60011 when another application made it."""
    tagid = reading.number(given, "tagid", missing=40068)
    row = call.world.store.row("SELECT * FROM label WHERE tagid = ?", tagid)
    if row is None:
        raise ApiError(40068)
    if own and row["agent_id"] != call.app["agent_id"]:
        raise ApiError(60011)
    return tagid


@endpoint("tag/list")
def list_labels(call: Call) -> dict[str, Any]:
    """Every label."""
    rows = call.world.store.rows("SELECT tagid, name FROM label ORDER BY tagid")
    return {"taglist": [{"tagid": row["tagid"], "tagname": row["name"]} for row in rows]}


@endpoint("tag/get")
def get_label(call: Call) -> dict[str, Any]:
    """Who carries a label, as far as in range."""
    store = call.world.store
    tagid = known_label(call, dict(call.query))
    carriers = store.rows(
        "SELECT userid, member.name FROM label_member JOIN member USING (userid)"
        " WHERE tagid = ? AND status != 5 ORDER BY userid",
        tagid,
    )
    return {
        "tagname": store.value("SELECT name FROM label WHERE tagid = ?", tagid),
        "userlist": [
            {"userid": row["userid"], "name": row["name"]}
            for row in carriers
            if people.is_visible(call.world, call.app, row["userid"])
        ],
        "partylist": store.column(
            "SELECT department_id FROM label_department WHERE tagid = ? ORDER BY 1", tagid
        ),
    }


@endpoint("tag/create")
def create_label(call: Call) -> dict[str, Any]:
    """A new label of this application."""
    store = call.world.store
    name = reading.text(call.body, "tagname", missing=40072, chars=32, too_long=40072)
    tagid = reading.number(call.body, "tagid", 0)
    if store.value("SELECT 1 FROM label WHERE name = ? OR tagid = ?", name, tagid):
        raise ApiError(40071)
    tagid = tagid or int(store.value("SELECT coalesce(max(tagid), 0) FROM label")) + 1
    store.run("INSERT INTO label VALUES (?, ?, ?)", tagid, name, call.app["agent_id"])
    return {"errmsg": "created", "tagid": tagid}


@endpoint("tag/update")
def rename_label(call: Call) -> dict[str, Any]:
    """Rename an own label."""
    tagid = known_label(call, call.body, own=True)
    name = reading.text(call.body, "tagname", missing=40072, chars=32, too_long=40072)
    taken = "SELECT 1 FROM label WHERE name = ? AND tagid != ?"
    if call.world.store.value(taken, name, tagid):
        raise ApiError(40071)
    call.world.store.run("UPDATE label SET name = ? WHERE tagid = ?", name, tagid)
    return {"errmsg": "updated"}


@endpoint("tag/delete")
def delete_label(call: Call) -> dict[str, Any]:
    """Delete an own label."""
    tagid = known_label(call, dict(call.query), own=True)
    for table in ("label", "label_member", "label_department"):
        call.world.store.run(f"DELETE FROM {table} WHERE tagid = ?", tagid)  # noqa: S608 - our own names
    return {"errmsg": "deleted"}


def change_carriers(call: Call, sign: str) -> dict[str, Any]:
    """Who is unknown is named in the answer, the others are done."""
    tagid = known_label(call, call.body, own=True)
    users = reading.texts(call.body, "userlist", most=1000)
    parties = reading.numbers(call.body, "partylist")
    if not users and not parties:
        raise ApiError(40063)
    known = [one for one in users if people.is_visible(call.world, call.app, one)]
    departments.edit_label(
        call.world,
        tagid,
        tell=False,
        **{f"{sign}_users": known, f"{sign}_parties": parties},  # type: ignore[arg-type]
    )
    invalid = [one for one in users if one not in known]
    return {"invalidlist": "|".join(invalid)} if invalid else {}


@endpoint("tag/addtagusers")
def add_carriers(call: Call) -> dict[str, Any]:
    """Put an own label on members and departments."""
    return change_carriers(call, "add")


@endpoint("tag/deltagusers")
def remove_carriers(call: Call) -> dict[str, Any]:
    """Take an own label off members and departments."""
    return change_carriers(call, "del")
