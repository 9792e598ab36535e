"""Finding members, and the contact-sync assistant's writes (wecom.md 4.1). Writes tell nobody."""

from typing import Any

from wecom.sandbox.truth import departments, people, renaming, staff
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

PAGE = 10_000
AT_ONCE = 200
ADDRESSES = ("mobile", "email", "biz_mail")
# Somebody else has this number or address.
TAKEN = {"mobile": 60104, "email": 60106, "biz_mail": 60106}
DEPARTMENT_FULL = {"members": 60005, "departments": 60006}


def need_contact_sync(call: Call) -> None:
    """Only the contact-sync assistant's secret may do this."""
    if not call.app["contact_sync"]:
        raise ApiError(48002)


@endpoint("user/list_id")
def list_ids(call: Call) -> dict[str, Any]:
    """Every member with each of his departments, by page."""
    need_contact_sync(call)
    limit = reading.page_size(call.body, most=PAGE, default=PAGE)
    last_user, _, last_department = reading.cursor_of(call, "list_id").partition("/")
    rows = call.world.store.rows(
        "SELECT userid, department_id FROM member JOIN member_department USING (userid)"
        " WHERE status != 5 AND (userid, department_id) > (?, ?)"
        " ORDER BY userid, department_id LIMIT ?",
        last_user,
        int(last_department or 0),
        limit + 1,
    )
    page = rows[:limit]
    cursor = ""
    if len(rows) > limit:
        last = page[-1]
        cursor = reading.write_cursor("list_id", f"{last['userid']}/{last['department_id']}")
    return {
        "next_cursor": cursor,
        "dept_user": [
            {"userid": row["userid"], "department": row["department_id"]} for row in page
        ],
    }


def find_by(call: Call, column: str, value: str) -> dict[str, Any]:
    """The member in range with this number or address, else 46004."""
    found = call.world.store.column(
        f"SELECT userid FROM member WHERE {column} = ? AND {column} != '' AND status != 5",  # noqa: S608 - our own names
        value,
    )
    for userid in found:
        if people.is_visible(call.world, call.app, userid):
            return {"userid": userid}
    raise ApiError(46004)


@endpoint("user/getuserid")
def find_by_mobile(call: Call) -> dict[str, Any]:
    """Who has this phone number."""
    return find_by(call, "mobile", reading.text(call.body, "mobile", missing=40063))


@endpoint("user/get_userid_by_email")
def find_by_email(call: Call) -> dict[str, Any]:
    """Who has this address: 1 of the corp, 2 personal."""
    kind = reading.number(call.body, "email_type", 1, low=1, high=2)
    email = reading.text(call.body, "email", missing=40063)
    return find_by(call, "biz_mail" if kind == 1 else "email", email)


@endpoint("batch/openuserid_to_userid")
def open_userids(call: Call) -> dict[str, Any]:
    """Who stands behind encrypted ids; those nobody was told are listed apart."""
    wanted = reading.texts(call.body, "open_userid_list", most=1000, missing=40063)
    known: list[dict[str, str]] = []
    unknown: list[str] = []
    for open_userid in wanted:
        userid = people.find_other_name(call.world, "open_userid", open_userid)
        if userid and people.is_visible(call.world, call.app, userid):
            known.append({"open_userid": open_userid, "userid": userid})
        else:
            unknown.append(open_userid)
    return {"userid_list": known, "invalid_open_userid_list": unknown}


def read_departments(call: Call) -> list[int] | None:
    """``department``: a list of known departments, or one."""
    given = call.body.get("department")
    if given is None:
        return None
    numbers = given if isinstance(given, list) else [given]
    if not numbers or not all(isinstance(one, int) for one in numbers):
        raise ApiError(40066)
    for one in numbers:
        if not call.world.store.value("SELECT 1 FROM department WHERE id = ?", one):
            raise ApiError(60003)
    return numbers


def leads_of(call: Call, listed: list[int] | None) -> list[int]:
    """Departments that the member leads, from the 0 and 1 beside them."""
    flags = reading.numbers(call.body, "is_leader_in_dept")
    return [one for one, leads in zip(listed or [], flags, strict=False) if leads]


def read_written(call: Call, userid: str) -> dict[str, str]:
    """Name, position, number and addresses, which nobody else may have."""
    written = {
        name: reading.text(call.body, name, chars=128)
        for name in staff.WRITTEN
        if name in call.body
    }
    for column in ADDRESSES:
        if written.get(column) and call.world.store.value(
            f"SELECT 1 FROM member WHERE {column} = ? AND userid != ? AND status != 5",  # noqa: S608 - our own names
            written[column],
            userid,
        ):
            raise ApiError(TAKEN[column])
    return written


@endpoint("user/create")
def create_member(call: Call) -> dict[str, Any]:
    """A new member; he is not activated before he logs in (M: here he is at once)."""
    need_contact_sync(call)
    userid = reading.text(call.body, "userid", missing=41009)
    if not reading.USERID.fullmatch(userid):
        raise ApiError(40003)
    if call.world.store.value("SELECT 1 FROM member WHERE userid = ? AND status != 5", userid):
        raise ApiError(60102)
    reading.text(call.body, "name", missing=40063)
    written = read_written(call, userid)
    if not any(written.get(column) for column in ADDRESSES):
        raise ApiError(60129)
    listed = read_departments(call) or [departments.ROOT]
    enabled = reading.number(call.body, "enable", 1, high=1)
    staff.create_member(
        call.world,
        userid,
        written,
        departments=listed,
        leads=leads_of(call, listed),
        status=staff.ACTIVE if enabled else staff.DISABLED,
        tell=False,
    )
    return {"errmsg": "created"}


@endpoint("user/update")
def update_member(call: Call) -> dict[str, Any]:
    """Overwrite what is given."""
    need_contact_sync(call)
    userid = checks.member_in_range(
        call, reading.text(call.body, "userid", missing=41009), contact=False
    )
    listed = read_departments(call)
    main = reading.number(call.body, "main_department", 0) or None
    if main and main not in (listed or staff.departments_of(call.world, userid)):
        raise ApiError(60003)
    status = None
    if "enable" in call.body:
        enabled = reading.number(call.body, "enable", 1, high=1)
        status = staff.ACTIVE if enabled else staff.DISABLED
    staff.edit_member(
        call.world,
        userid,
        read_written(call, userid),
        departments=listed,
        leads=leads_of(call, listed),
        main_department=main,
        status=status,
        tell=False,
    )
    renamed = reading.text(call.body, "new_userid")
    if renamed:
        taken = call.world.store.value("SELECT userid FROM member WHERE userid = ?", renamed)
        if taken is not None and taken != userid:
            raise ApiError(60102)
        if not reading.USERID.fullmatch(renamed):
            raise ApiError(40003)
        renaming.rename_member(call.world, userid, renamed, tell=False)
    return {"errmsg": "updated"}


@endpoint("user/delete")
def delete_member(call: Call) -> dict[str, Any]:
    """A member leaves, as if the admin had struck him off."""
    need_contact_sync(call)
    userid = checks.member_in_range(call, call.query.get("userid", ""), contact=False)
    staff.resign_member(call.world, userid, tell=False)
    return {"errmsg": "deleted"}


@endpoint("user/batchdelete")
def delete_members(call: Call) -> dict[str, Any]:
    """At most 200 members leave, all or none."""
    need_contact_sync(call)
    wanted = reading.texts(call.body, "useridlist", most=AT_ONCE, too_many=40032, missing=40031)
    for userid in wanted:
        staff.resign_member(
            call.world, checks.member_in_range(call, userid, contact=False), tell=False
        )
    return {"errmsg": "deleted"}


@endpoint("department/create")
def create_department(call: Call) -> dict[str, Any]:
    """A new department below another one."""
    need_contact_sync(call)
    name = reading.text(call.body, "name", missing=60009, chars=64, too_long=60009)
    parentid = reading.number(call.body, "parentid", missing=60004)
    wanted = reading.number(call.body, "id", 0)
    store = call.world.store
    if not store.value("SELECT 1 FROM department WHERE id = ?", parentid):
        raise ApiError(60004)
    same = "SELECT 1 FROM department WHERE id = ? OR (parentid = ? AND name = ?)"
    if store.value(same, wanted, parentid, name):
        raise ApiError(60008)
    order = reading.number(call.body, "order", 0)
    number = departments.create_department(
        call.world, wanted, name=name, parentid=parentid, order=order, tell=False
    )
    return {"errmsg": "created", "id": number}


@endpoint("department/update")
def update_department(call: Call) -> dict[str, Any]:
    """Rename, move or reorder a department."""
    need_contact_sync(call)
    number = known_department(call, reading.number(call.body, "id", missing=60123))
    parentid = reading.number(call.body, "parentid", 0) or None
    if parentid:
        below = people.departments_below(call.world, [number])
        if number == departments.ROOT or parentid in below:
            raise ApiError(60004)
        known_department(call, parentid, unknown=60004)
    departments.edit_department(
        call.world,
        number,
        name=reading.text(call.body, "name", chars=64, too_long=60009) or None,
        parentid=parentid,
        order=reading.number(call.body, "order") if "order" in call.body else None,
        tell=False,
    )
    return {"errmsg": "updated"}


@endpoint("department/delete")
def delete_department(call: Call) -> dict[str, Any]:
    """Dissolve an empty department."""
    need_contact_sync(call)
    number = known_department(call, reading.number(dict(call.query), "id", missing=60123))
    reason = departments.is_full(call.world, number)
    if number == departments.ROOT or reason:
        raise ApiError(DEPARTMENT_FULL.get(reason, 60007))
    departments.delete_department(call.world, number, tell=False)
    return {"errmsg": "deleted"}


def known_department(call: Call, number: int, *, unknown: int = 60003) -> int:
    """The department's number, if it exists."""
    if not call.world.store.value("SELECT 1 FROM department WHERE id = ?", number):
        raise ApiError(unknown)
    return number
