"""Calls for figures that WeCom counts: what guides did, what happened in their groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wecom.gateway.answers import Answer, midnight
from wecom.gateway.bounds import Bounds
from wecom.gateway.chapters import Chapter
from wecom.gateway.types import BehaviourDay, GroupCounts, GroupDay, GroupFigures


class StatisticsCalls(Chapter):
    """Figures of days in Shanghai, up to 180 days back; yesterday's come some hours late."""

    def guide_behaviour(
        self,
        userids: Sequence[str] = (),
        department_ids: Sequence[int] = (),
        *,
        since: date,
        until: date,
    ) -> list[BehaviourDay]:
        """What guides did, each day from `since` to `until`; several guides are summed by WeCom."""
        api = "externalcontact/get_user_behavior_data"
        bounds = Bounds(api)
        bounds.some("导购与部门", userids, department_ids)
        bounds.count("导购", userids, 100)
        bounds.count("部门", department_ids, 100)
        bounds.days("统计时间", since, until, 30)
        asked: dict[str, Any] = {"start_time": midnight(since), "end_time": midnight(until)}
        if userids:
            asked["userid"] = list(userids)
        if department_ids:
            asked["partyid"] = list(department_ids)
        return list(self._ask(api, asked).rows("behavior_data", _behaviour))

    def group_statistics(
        self, owner_userids: Sequence[str], *, since: date, until: date
    ) -> list[GroupFigures]:
        """What happened in the groups of each of up to a hundred owners."""
        api = "externalcontact/groupchat/statistic"
        asked = {**_owners_and_days(api, owner_userids, since, until), "limit": 1000}
        asked |= {"order_by": 2, "order_asc": 0}
        found: list[GroupFigures] = []
        offset, total = 0, 1
        while offset < total:
            page = self._ask(api, {**asked, "offset": offset})
            found += page.rows("items", _figures)
            following = page.number("next_offset")
            if following <= offset:
                break
            offset, total = following, page.number("total")
        return found

    def group_statistics_by_day(
        self, owner_userids: Sequence[str], *, since: date, until: date
    ) -> list[GroupDay]:
        """What happened in the groups of all these owners, day by day."""
        api = "externalcontact/groupchat/statistic_group_by_day"
        asked = _owners_and_days(api, owner_userids, since, until)
        return list(self._ask(api, asked).rows("items", _day))


def _owners_and_days(
    api: str, owner_userids: Sequence[str], since: date, until: date
) -> dict[str, Any]:
    bounds = Bounds(api)
    bounds.count("群主", owner_userids, 100, least=1)
    bounds.days("统计时间", since, until, 180)
    # The end is closed: its first second means the whole day (document 92133).
    return {
        "day_begin_time": midnight(since),
        "day_end_time": midnight(until),
        "owner_filter": {"userid_list": list(owner_userids)},
    }


def _behaviour(row: Answer) -> BehaviourDay:
    percentage = row.real("reply_percentage")
    return BehaviourDay(
        on=row.day("stat_time"),
        chats=row.number("chat_cnt"),
        messages=row.number("message_cnt"),
        reply_share=None if percentage is None else percentage / 100,
        reply_minutes=row.real("avg_reply_time"),
        lost=row.number("negative_feedback_cnt"),
        applied=row.number("new_apply_cnt"),
        gained=row.number("new_contact_cnt"),
    )


def _figures(row: Answer) -> GroupFigures:
    return GroupFigures(row.userid("owner"), _counts(row.part("data")))


def _day(row: Answer) -> GroupDay:
    return GroupDay(row.day("stat_time"), _counts(row.part("data")))


def _counts(data: Answer) -> GroupCounts:
    return GroupCounts(
        new_chats=data.number("new_chat_cnt"),
        chats=data.number("chat_total"),
        chats_with_messages=data.number("chat_has_msg"),
        new_members=data.number("new_member_cnt"),
        members=data.number("member_total"),
        members_with_messages=data.number("member_has_msg"),
        messages=data.number("msg_total"),
    )
