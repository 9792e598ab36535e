"""Figures of members and groups (wecom.md 5.10), from what really happened in the sandbox."""

from typing import Any

from wecom.sandbox.store import json_list
from wecom.sandbox.truth import people, statistics
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

from . import checks

MOST_DAYS, OLDEST_DAYS = 30, 180
AT_ONCE = 100
ORDERS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


def days_asked(
    call: Call, begin: str, end: str, empty: str, *, latest: int, most: int, default_end: bool
) -> tuple[int, int]:
    """First and last day; 600018 with the empty list when they cannot be."""
    wrong = ApiError(600018)
    wrong.fields = {empty: []}
    try:
        first = statistics.day_of(reading.number(call.body, begin))
        last = first
        if not default_end or call.body.get(end):
            last = statistics.day_of(reading.number(call.body, end))
    except ApiError:
        raise wrong from None
    oldest = statistics.today(call.world) - OLDEST_DAYS
    if not oldest <= first <= last <= latest or last - first > most:
        raise wrong
    return first, last


def members_asked(call: Call) -> list[str]:
    """Members named, and those of departments named; not both empty."""
    userids = reading.texts(call.body, "userid", most=AT_ONCE)
    parties = reading.numbers(call.body, "partyid")
    if not userids and not parties:
        raise ApiError(40063)
    if len(parties) > AT_ONCE:
        raise ApiError(40058)
    wanted = {checks.member_in_range(call, userid) for userid in userids}
    if parties:
        below = people.departments_below(call.world, parties)
        if not set(parties) <= below:
            raise ApiError(60003)
        inside = call.world.store.column(
            "SELECT DISTINCT userid FROM member_department"
            " WHERE department_id IN (SELECT value FROM json_each(?))",
            json_list(below),
        )
        visible = set(people.visible_members(call.world, call.app))
        wanted |= visible.intersection(inside)
        if not wanted:
            raise ApiError(60011)
    return sorted(wanted)


def write_day(day: int, did: statistics.Day) -> dict[str, Any]:
    """One day; the two figures about answers only when customers opened conversations."""
    written: dict[str, Any] = {
        "stat_time": statistics.start_of(day),
        "chat_cnt": did.chats,
        "message_cnt": did.messages,
        "negative_feedback_cnt": did.counted.get("lost", 0),
        "new_apply_cnt": did.counted.get("applied", 0),
        "new_contact_cnt": did.counted.get("gained", 0),
    }
    if did.opened:
        written["reply_percentage"] = round(100 * did.replied / did.opened, 2)
    if did.replied:
        written["avg_reply_time"] = round(did.reply_s / did.replied / 60)
    return written


@endpoint("externalcontact/get_user_behavior_data", contacts=True)
def get_user_behavior_data(call: Call) -> dict[str, Any]:
    """The members' sums for each day; at most 30 days of the last 180."""
    first, last = days_asked(
        call,
        "start_time",
        "end_time",
        "behavior_data",
        latest=statistics.today(call.world),
        most=MOST_DAYS,
        default_end=False,
    )
    days = statistics.behaviour(call.world, members_asked(call), first, last)
    return {"behavior_data": [write_day(day, did) for day, did in days.items()]}


def owners_asked(call: Call) -> list[str]:
    """The owners named; they are required."""
    listed = reading.mapping(call.body, "owner_filter")
    userids = reading.texts(listed, "userid_list", most=AT_ONCE, missing=40063)
    return list(dict.fromkeys(checks.member_in_range(call, userid) for userid in userids))


def group_days(call: Call) -> tuple[int, int]:
    """From yesterday back; one day when no end is given."""
    return days_asked(
        call,
        "day_begin_time",
        "day_end_time",
        "items",
        latest=statistics.today(call.world) - 1,
        most=OLDEST_DAYS,
        default_end=True,
    )


@endpoint("externalcontact/groupchat/statistic", contacts=True)
def group_statistic(call: Call) -> dict[str, Any]:
    """A row per owner for the whole time, ordered and by page."""
    first, last = group_days(call)
    owners = owners_asked(call)
    by = ORDERS[reading.number(call.body, "order_by", 1, low=1, high=4)]
    ascending = reading.number(call.body, "order_asc", 0, high=1) == 1
    offset = reading.number(call.body, "offset", 0)
    limit = reading.number(call.body, "limit", 500, low=1, high=1000)
    items: list[dict[str, Any]] = [
        {
            "owner": owner,
            "data": statistics.group_figures(call.world, [owner], first, last),
        }
        for owner in owners
    ]
    items.sort(key=lambda item: item["data"][by], reverse=not ascending)
    page = items[offset : offset + limit]
    return {"total": len(items), "next_offset": offset + len(page), "items": page}


@endpoint("externalcontact/groupchat/statistic_group_by_day", contacts=True)
def group_statistic_by_day(call: Call) -> dict[str, Any]:
    """A row per day for all owners together."""
    first, last = group_days(call)
    owners = owners_asked(call)
    return {
        "items": [
            {
                "stat_time": statistics.start_of(day),
                "data": statistics.group_figures(call.world, owners, day, day),
            }
            for day in range(first, last + 1)
        ]
    }
