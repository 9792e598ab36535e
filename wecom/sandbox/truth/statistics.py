"""What the statistics count: chats, new and lost customers, groups, by natural day in Shanghai.

A day's figures are ready some hours after its end; before that they are zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from sqlite3 import Row
from typing import Any

from wecom.sandbox.clock import CHINA_OFFSET, from_china
from wecom.sandbox.store import json_list
from wecom.sandbox.world import World

from .chats import CUSTOMER, MEMBER

DAY_S = 86400
SHIFT_S = int(CHINA_OFFSET.total_seconds())
# What a member wrote himself; welcomes, mass sends and greetings are not his talking.
SPOKEN = ("chat", "sidebar")

# Of the owners' groups, up to the end of the time asked for.
GROUPS = """
    SELECT coalesce(sum(created_at >= :begin), 0) AS new,
      coalesce(sum(dismissed_at = 0 OR dismissed_at >= :until), 0) AS total
    FROM group_chat
    WHERE owner IN (SELECT value FROM json_each(:owners)) AND created_at < :until
"""
INSIDE = """
    SELECT coalesce(sum(joined_at >= :begin), 0) AS new, count(*) AS total
    FROM group_chat JOIN group_member USING (chat_id)
    WHERE owner IN (SELECT value FROM json_each(:owners)) AND joined_at < :until
      AND (dismissed_at = 0 OR dismissed_at >= :until)
"""
GONE = """
    SELECT coalesce(sum(joined_at >= :begin), 0) AS new,
      coalesce(sum(left_at >= :until), 0) AS total
    FROM group_chat JOIN group_leaver USING (chat_id)
    WHERE owner IN (SELECT value FROM json_each(:owners)) AND joined_at < :until
      AND left_at >= :begin AND (dismissed_at = 0 OR dismissed_at >= :until)
"""
SAID = """
    SELECT count(*) AS messages, count(DISTINCT message.chat_key) AS chats,
      count(DISTINCT message.chat_key || sender) AS people
    FROM group_chat JOIN message ON message.chat_key = 'group:' || chat_id
    WHERE owner IN (SELECT value FROM json_each(:owners))
      AND sent_at >= :begin AND sent_at < :until
      AND sender_type IN (:member, :customer) AND source IN ('chat', 'sidebar', 'mass')
"""


def day_of(moment: float) -> int:
    """The number of a natural day."""
    return int((moment + SHIFT_S) // DAY_S)


def start_of(day: int) -> int:
    """The first second of a day."""
    return day * DAY_S - SHIFT_S


def today(world: World) -> int:
    """The number of the present day."""
    return day_of(from_china(world.clock.china_day()))


def ready_before(world: World) -> int:
    """The first day whose figures are not ready yet."""
    now, present = world.clock.now(), today(world)
    is_late = now < start_of(present) + world.switches.on.statistics_ready_h * 3600
    return present - 1 if is_late else present


@dataclass
class Talk:
    """One conversation on one day."""

    spoken: int = 0
    opened_by_customer: bool = False
    opened_at: float = 0.0
    replied_at: float = 0.0


@dataclass
class Day:
    """What some members did together on one day."""

    chats: int = 0
    messages: int = 0
    opened: int = 0
    replied: int = 0
    reply_s: float = 0.0
    counted: dict[str, int] = field(default_factory=dict)

    def add(self, talk: Talk) -> None:
        """Count one conversation in."""
        self.chats += bool(talk.spoken)
        self.messages += talk.spoken
        self.opened += talk.opened_by_customer
        if talk.opened_by_customer and talk.replied_at:
            self.replied += 1
            self.reply_s += talk.replied_at - talk.opened_at


def behaviour(world: World, userids: Sequence[str], first: int, last: int) -> dict[int, Day]:
    """The members' sums for each day from first to last, both inside; unready days are zero."""
    days = {day: Day() for day in range(first, last + 1)}
    end = min(last + 1, ready_before(world))
    if first >= end:
        return days
    bounds = (start_of(first), start_of(end))
    for (day, _chat), talk in talks_of(world, userids, bounds).items():
        days[day].add(talk)
    rows = world.store.rows(
        "SELECT (at + ?) / ? AS day, kind, count(*) AS many FROM contact_log"
        " WHERE userid IN (SELECT value FROM json_each(?)) AND at >= ? AND at < ?"
        " GROUP BY 1, 2",
        SHIFT_S,
        DAY_S,
        json_list(userids),
        *bounds,
    )
    for row in rows:
        days[row["day"]].counted[row["kind"]] = row["many"]
    return days


def talks_of(
    world: World, userids: Sequence[str], bounds: tuple[int, int]
) -> dict[tuple[int, str], Talk]:
    """Conversations of members with customers, by day."""
    rows: Iterable[Row] = world.store.rows(
        "SELECT message.chat_key, sender_type, source, sent_at FROM chat"
        " JOIN message ON message.chat_key = chat.chat_key"
        " WHERE chat.userid IN (SELECT value FROM json_each(?)) AND chat.kind = 'single'"
        " AND chat.last_at >= ? AND sent_at >= ? AND sent_at < ? AND sender_type IN (?, ?)"
        " ORDER BY message.sent_at, message.id",
        json_list(userids),
        bounds[0],
        *bounds,
        MEMBER,
        CUSTOMER,
    )
    talks: dict[tuple[int, str], Talk] = {}
    for row in rows:
        if row["sender_type"] == MEMBER and row["source"] not in SPOKEN:
            continue
        key = (day_of(row["sent_at"]), row["chat_key"])
        talk = talks.get(key)
        if talk is None:
            is_customer = row["sender_type"] == CUSTOMER
            talk = talks[key] = Talk(opened_by_customer=is_customer, opened_at=row["sent_at"])
        if row["sender_type"] == MEMBER:
            talk.spoken += 1
            talk.replied_at = talk.replied_at or row["sent_at"]
    return talks


def one_row(world: World, sql: str, values: dict[str, object]) -> Row:
    """The one row of an aggregate."""
    row: Row = world.store.db.execute(sql, values).fetchone()
    return row


def group_figures(world: World, owners: Sequence[str], first: int, last: int) -> dict[str, Any]:
    """Groups of these owners: what was new and said in the days, and how many as they ended."""
    end = min(last + 1, ready_before(world))
    # Before the first figures are ready there is nothing at all, not even totals.
    begin, until = (start_of(first), start_of(end)) if first < end else (0, 0)
    values = {
        "owners": json_list(owners), "begin": begin, "until": until,
        "member": MEMBER, "customer": CUSTOMER,
    }  # fmt: skip
    groups, said = one_row(world, GROUPS, values), one_row(world, SAID, values)
    inside, gone = one_row(world, INSIDE, values), one_row(world, GONE, values)
    return {
        "new_chat_cnt": groups["new"],
        "chat_total": groups["total"],
        "chat_has_msg": said["chats"],
        "new_member_cnt": inside["new"] + gone["new"],
        "member_total": inside["total"] + gone["total"],
        "member_has_msg": said["people"],
        "msg_total": said["messages"],
        "migrate_trainee_chat_cnt": 0,
    }
