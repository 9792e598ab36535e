"""Departments, members and the application itself (wecom.md 4.1)."""

import json
from sqlite3 import Row
from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import people
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

MEMBERS = (
    "SELECT member.*, (SELECT group_concat(department_id || ':' || ord || ':' || is_leader)"
    " FROM member_department WHERE member_department.userid = member.userid) AS departments"
    " FROM member"
)
# Larger answers are refused: ask department by department. M: the vendor names no number.
MOST_AT_ONCE = 10_000


def visible_departments(call: Call) -> list[Row]:
    """Departments in range, by id."""
    rows = call.world.store.rows("SELECT * FROM department ORDER BY id")
    if not call.app["visible_departments"]:
        return rows
    roots = json.loads(call.app["visible_departments"])
    inside = people.departments_below(call.world, roots)
    return [row for row in rows if row["id"] in inside]


@endpoint("department/list")
def list_departments(call: Call) -> dict[str, Any]:
    """The visible tree, or the part below one department."""
    rows = visible_departments(call)
    if call.query.get("id"):
        root = reading.number(dict(call.query), "id")
        inside = people.departments_below(call.world, [root])
        if not inside:
            raise ApiError(60003)
        rows = [row for row in rows if row["id"] in inside]
    return {"department": [write_department(call, row) for row in rows]}


def write_department(call: Call, row: Row) -> dict[str, Any]:
    """One department with who leads it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "department_leader": call.world.store.column(
            "SELECT userid FROM member_department JOIN member USING (userid)"
            " WHERE department_id = ? AND is_leader AND status != 5 ORDER BY userid",
            row["id"],
        ),
        "parentid": row["parentid"],
        "order": row["ord"],
    }


@endpoint("department/get")
def get_department(call: Call) -> dict[str, Any]:
    """One department in range."""
    wanted = reading.number(dict(call.query), "id", missing=60123)
    for row in visible_departments(call):
        if row["id"] == wanted:
            return {"department": write_department(call, row)}
    raise ApiError(60011 if is_department(call, wanted) else 60003)


@endpoint("department/simplelist")
def list_department_ids(call: Call) -> dict[str, Any]:
    """Ids of the visible tree."""
    return {
        "department_id": [
            {"id": row["id"], "parentid": row["parentid"], "order": row["ord"]}
            for row in visible_departments(call)
        ]
    }


def members_of_department(call: Call) -> list[Row]:
    """Members of a department in range, with those below when asked."""
    root = reading.number(dict(call.query), "department_id", missing=60123)
    inside = {row["id"] for row in visible_departments(call)}
    if root not in inside:
        raise ApiError(60011 if is_department(call, root) else 60003)
    wanted = {root}
    if call.query.get("fetch_child") == "1":
        wanted = people.departments_below(call.world, [root]) & inside
    return call.world.store.rows(
        f"{MEMBERS} WHERE status != 5 AND userid IN (SELECT userid FROM member_department"  # noqa: S608 - a constant of ours
        " WHERE department_id IN (SELECT value FROM json_each(?))) ORDER BY userid",
        json_list(wanted),
    )


def is_department(call: Call, number: int) -> bool:
    """Whether the department exists at all."""
    return bool(call.world.store.value("SELECT 1 FROM department WHERE id = ?", number))


def departments_of(row: Row) -> list[tuple[int, int]]:
    """A member's departments as entered, each with whether he leads it, as MEMBERS reads them."""
    parts = [part.split(":") for part in str(row["departments"] or "").split(",") if part]
    ordered = sorted(parts, key=lambda part: (int(part[1]), int(part[0])))
    return [(int(number), int(leads)) for number, _, leads in ordered]


@endpoint("user/simplelist")
def list_members_simply(call: Call) -> dict[str, Any]:
    """Userid, name and departments."""
    rows = members_of_department(call)
    return {
        "userlist": [
            {
                "userid": row["userid"],
                "name": row["name"],
                "department": [number for number, _ in departments_of(row)],
            }
            for row in rows
        ]
    }


def write_member(row: Row) -> dict[str, Any]:
    """A member as applications made after 2022-06 get him: no phone, no mail, no picture."""
    departments = departments_of(row)
    return {
        "userid": row["userid"],
        "name": row["name"],
        "department": [number for number, _ in departments],
        "order": [0] * len(departments),
        "position": row["position"],
        "gender": "0",
        "is_leader_in_dept": [leads for _, leads in departments],
        "direct_leader": [],
        "telephone": "",
        "alias": "",
        "main_department": row["main_department"],
        "extattr": {"attrs": []},
        "status": row["status"],
        "external_position": "",
    }


@endpoint("user/list")
def list_members(call: Call) -> dict[str, Any]:
    """Full members of a department."""
    rows = members_of_department(call)
    if call.query.get("fetch_child") == "1" and len(rows) > MOST_AT_ONCE:
        raise ApiError(45029)
    return {"userlist": [write_member(row) for row in rows]}


@endpoint("user/get")
def get_member(call: Call) -> dict[str, Any]:
    """One member, flat; unknown, gone or out of range is 60111 with empty fields."""
    userid = call.query.get("userid", "")
    if not userid:
        raise ApiError(41009)
    try:
        userid = checks.member_in_range(call, userid, contact=False)
    except ApiError as error:
        error.fields = {"department": [], "order": [], "is_leader_in_dept": []}
        raise
    row = call.world.store.row(f"{MEMBERS} WHERE userid = ?", userid)
    if row is None:
        raise ApiError(60111)
    return write_member(row)


@endpoint("agent/get")
def get_agent(call: Call) -> dict[str, Any]:
    """The application and its visible range; another one's id is 301002."""
    if not call.query.get("agentid"):
        raise ApiError(41011)
    app = call.app
    if reading.number(dict(call.query), "agentid") != app["agent_id"]:
        raise ApiError(301002)
    roots = json.loads(app["visible_departments"] or "[1]")
    return {
        "agentid": app["agent_id"],
        "name": app["name"],
        "square_logo_url": "",
        "description": "",
        "allow_userinfos": {"user": []},
        "allow_partys": {"partyid": roots},
        "allow_tags": {"tagid": []},
        "close": app["disabled"],
        "redirect_domain": app["trusted_domain"],
        "report_location_flag": 0,
        "isreportenter": 0,
        "home_url": app["home_url"],
    }
