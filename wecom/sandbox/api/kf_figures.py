"""Daily figures of 微信客服, of the corp and of servicers (wecom.md 7.5).

Counted from the feed: customers, their messages, conversations that somebody took part in.
"""

import json
from datetime import UTC, datetime
from typing import Any

from wecom.sandbox.clock import CHINA_OFFSET, from_china
from wecom.sandbox.truth import kf
from wecom.sandbox.wire import reading
from wecom.sandbox.wire.errors import ApiError
from wecom.sandbox.wire.registry import Call, endpoint

DAY_S = 86400
SPAN_DAYS, BACK_DAYS = 31, 180


def days_of(call: Call) -> list[int]:
    """Midnights asked for whose day is over; 600018 when there are too many or too old ones."""
    start, end = reading.number(call.body, "start_time"), reading.number(call.body, "end_time")
    today = int(from_china(call.world.clock.china_day()))
    first = midnight_of(start)
    if end < start or end - start > SPAN_DAYS * DAY_S or first < today - BACK_DAYS * DAY_S:
        raise ApiError(600018, "invalid start endtime", statistic_list=[])
    return list(range(first, min(end + 1, today), DAY_S))


def midnight_of(moment: int) -> int:
    """The beginning of a moment's day in Shanghai."""
    local = datetime.fromtimestamp(moment, UTC) + CHINA_OFFSET
    return int(from_china(local.replace(hour=0, minute=0, second=0, microsecond=0)))


def items_of(call: Call, day: int, open_kfid: str) -> list[dict[str, Any]]:
    """The feed of one day."""
    rows = call.world.store.column(
        "SELECT item FROM kf_feed WHERE at >= ? AND at < ? AND (? = '' OR open_kfid = ?)",
        day,
        day + DAY_S,
        open_kfid,
        open_kfid,
    )
    return [json.loads(row) for row in rows]


def asked_account(call: Call) -> str:
    """The account asked for, or all."""
    open_kfid = reading.text(call.body, "open_kfid")
    if open_kfid and not call.world.store.value(
        "SELECT 1 FROM kf_account WHERE open_kfid = ?", open_kfid
    ):
        raise ApiError(95004)
    return open_kfid


@endpoint("kf/get_corp_statistic")
def get_corp_statistic(call: Call) -> dict[str, Any]:
    """One line a day that is over; at most 31 days, of the last 180."""
    open_kfid, lines = asked_account(call), []
    for day in days_of(call):
        said = [i for i in items_of(call, day, open_kfid) if i["origin"] == kf.FROM_CUSTOMER]
        upgraded = call.world.store.value(
            "SELECT count(*) FROM kf_upgrade WHERE at >= ? AND at < ?"
            " AND (? = '' OR open_kfid = ?)",
            day,
            day + DAY_S,
            open_kfid,
            open_kfid,
        )
        figures = {
            "session_cnt": len({(i["open_kfid"], i["external_userid"]) for i in said}),
            "customer_cnt": len({i["external_userid"] for i in said}),
            "customer_msg_cnt": len(said),
            "upgrade_service_customer_cnt": upgraded,
        }
        lines.append({"stat_time": day, "statistic": figures})
    return {"statistic_list": lines}


@endpoint("kf/get_servicer_statistic")
def get_servicer_statistic(call: Call) -> dict[str, Any]:
    """The same of those conversations that a servicer, or one servicer, answered in."""
    open_kfid, lines = asked_account(call), []
    servicer = reading.text(call.body, "servicer_userid").lower()
    for day in days_of(call):
        items = items_of(call, day, open_kfid)
        served = {
            (i["open_kfid"], i["external_userid"])
            for i in items
            if i["origin"] == kf.FROM_SERVICER
            and servicer in ("", str(i["servicer_userid"]).lower())
        }
        said = [
            i
            for i in items
            if i["origin"] == kf.FROM_CUSTOMER and (i["open_kfid"], i["external_userid"]) in served
        ]
        figures = {
            "session_cnt": len(served),
            "customer_cnt": len({customer for _, customer in served}),
            "customer_msg_cnt": len(said),
        }
        lines.append({"stat_time": day, "statistic": figures})
    return {"statistic_list": lines}
