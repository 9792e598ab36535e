"""How acquisition links and moments are pulled out of WeCom; see `sources.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.utils import timezone

from wecom.directory import queries_of_reach
from wecom.directory.models import Sweep
from wecom.directory.portions import (
    Found,
    LinkCustomers,
    LinkIds,
    LinkSeen,
    MomentReach,
    MomentsSeen,
    MomentTasks,
    QuotaSeen,
)
from wecom.directory.pulling import At, Pulled, Source, closed, portion_of
from wecom.directory.queries import news_since
from wecom.directory.rules_of_reach import FOLLOWED
from wecom.gateway import BeingDispatched, Gateway, Retry, WecomError
from wecom.gateway.errors import NotAllowed

# A link that does not exist is a parameter that is not accepted (document 97297 names no code).
_NO_SUCH_LINK: Final = 40058
_NO_SUCH_MOMENT: Final = 41060
# Not by him, not yet, not a moment of the corp: nothing to read, and nothing wrong.
_NOTHING_THERE: Final = frozenset({41061, 41062, 41067})
_A_DAY: Final = timedelta(days=1)


# ---------------------------------------------------------------- acquisition links


def _links_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """What is left to pay with, and all links; a delta reads the links that lately had news."""
    asked_at = timezone.now()
    try:
        quota = QuotaSeen(gateway.acquisition_quota())
    except NotAllowed as error:
        # A corp that did not buy the assistant has no links either.
        return closed(sweep, Found("acquisition", "获客助手不可用", error.advice))
    pulled = Pulled([portion_of(sweep, "acquisition", quota, asked_at)])
    if sweep.is_full:
        asked_at = timezone.now()
        keys = gateway.acquisition_links()
        pulled.portions.append(portion_of(sweep, "links", LinkIds(tuple(keys)), asked_at))
    else:
        keys = queries_of_reach.links_with_news(sweep)
        pulled.wants = [f"card {key}" for key in keys]
    pulled.wants += [f"customers {key} " for key in keys]
    pulled.done = pulled.total = len(keys)
    return pulled


def _links_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    """`card id` is a link, `customers id cursor` a page of who came by it."""
    pulled = Pulled(total=sweep.total)
    for want in wants:
        what, key, *cursor = want.split(" ", 2)
        asked_at = timezone.now()
        try:
            if what == "card":
                seen = LinkSeen(key, gateway.acquisition_link(key))
                pulled.portions.append(portion_of(sweep, f"link:{key}", seen, asked_at))
                continue
            page = gateway.acquisition_customers(key, "".join(cursor))
        except WecomError as error:
            if error.code != _NO_SUCH_LINK:
                raise
            gone = LinkSeen(key, None)
            pulled.portions.append(portion_of(sweep, f"link:{key}", gone, asked_at))
            continue
        customers = LinkCustomers(key, page.rows)
        pulled.portions.append(portion_of(sweep, f"link:{key}", customers, asked_at))
        if page.next_cursor and page.next_cursor != "".join(cursor):
            pulled.wants.append(f"customers {key} {page.next_cursor}")
    return pulled


# ---------------------------------------------------------------- moments


def _moments_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """The moments of one day after another; a delta begins where the sweep before it began.

    WeCom lists at most thirty days, and twenty of them at a time.
    """
    begun = sweep.started_at
    first = begun - FOLLOWED if sweep.is_full else news_since(sweep)
    since = first + int(at.get("days", 0)) * _A_DAY
    until = min(since + _A_DAY, begun)
    asked_at = timezone.now()
    # Asked in whole seconds: what was made in the last one belongs to it.
    rows = tuple(gateway.moments_between(since, until + timedelta(seconds=1)))
    pulled = Pulled(done=len(rows), total=sweep.total + len(rows))
    facts = MomentsSeen(rows, since, until)
    pulled.portions.append(portion_of(sweep, "moments", facts, asked_at))
    if until < begun:
        pulled.at = {"days": int(at.get("days", 0)) + 1}
    return pulled


def _moments_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    """`id` asks who published, `id userid` who saw what he published."""
    pulled = Pulled(total=sweep.total)
    for want in wants:
        moment_id, _, userid = want.partition(" ")
        asked_at = timezone.now()
        try:
            if userid:
                facts: MomentTasks | MomentReach = MomentReach(
                    moment_id,
                    userid,
                    tuple(gateway.moment_viewers(moment_id, userid)),
                    gateway.moment_comments(moment_id, userid),
                )
            else:
                facts = MomentTasks(moment_id, tuple(gateway.moment_tasks(moment_id)))
        except BeingDispatched:
            # WeCom is still handing it out: the next look will see.
            continue
        except WecomError as error:
            if error.code == _NO_SUCH_MOMENT:
                facts = MomentTasks(moment_id, None)
            elif error.code in _NOTHING_THERE and userid:
                facts = MomentReach(moment_id, userid, None, None)
            elif error.retry is Retry.NEVER:
                pulled.left.append(Found(f"moment:{moment_id}", "无法读取朋友圈", error.advice))
                continue
            else:
                raise
        pulled.portions.append(portion_of(sweep, f"moment:{moment_id}", facts, asked_at))
    return pulled


REACH: Final[Mapping[str, Source]] = {
    "acquisition": Source(_links_page, _links_details),
    "moments": Source(_moments_page, _moments_details),
}
