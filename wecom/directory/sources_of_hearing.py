"""How archive agreements, keyword hits and customer service are pulled out of WeCom.

They belong to the application that is listed for customer service and the archive, where there is
one of its own; see `sources.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.conf import settings
from django.utils import timezone

from wecom.directory.hearing import HITS
from wecom.directory.models import Sweep
from wecom.directory.portions import (
    Agreements,
    Found,
    KeywordHits,
    KfAccounts,
    KfServicers,
)
from wecom.directory.pulling import CALLS, At, Pulled, Source, closed, portion_of
from wecom.directory.queries_of_hearing import position_of
from wecom.gateway import Gateway, GroupUnknown, Retry, WecomError, gateway_of
from wecom.gateway.errors import ArchiveNotOpen, Gone, GuideNotUsable, NotAllowed

SERVICE: Final = "service"
_PAIRS: Final = 100
_OWNERS: Final = 100


def listening_app() -> str:
    """The application that customer service and the archive are open to."""
    return SERVICE if SERVICE in settings.WECOM_APPS else "main"


# ---------------------------------------------------------------- archive agreements


def _consents_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """Friends of licensed guides, a hundred pairs a call; then the groups of those guides."""
    archive = gateway_of(listening_app())
    try:
        licensed = sorted(archive.permit_users())
    except (ArchiveNotOpen, NotAllowed) as error:
        return closed(sweep, Found("archive", "会话存档不可用", error.advice))
    if "owners" in at:
        return _groups_of(gateway, sweep, licensed, at)
    pulled = Pulled(total=sweep.total)
    calls, begun, after = 1, str(at.get("guide", "")), str(at.get("after", ""))
    for userid in licensed:
        if userid < begun:
            continue
        if calls >= CALLS:
            pulled.at = {"guide": userid, "after": ""}
            return pulled
        calls += 1
        behind = after if userid == begun else ""
        for pairs in _friends(gateway, userid, behind, pulled):
            if calls >= CALLS:
                pulled.at = {"guide": userid, "after": behind}
                return pulled
            calls, behind = calls + 1, pairs[-1][1]
            asked_at = timezone.now()
            facts = Agreements(tuple(archive.single_agreements(pairs)))
            pulled.portions.append(portion_of(sweep, f"staff:{userid}", facts, asked_at))
            pulled.done += len(pairs)
            pulled.total += len(pairs)
    pulled.at = {"owners": 0}
    return pulled


def _friends(
    gateway: Gateway, userid: str, after: str, pulled: Pulled
) -> Iterator[list[tuple[str, str]]]:
    """Pairs of the guide and his friends behind an id, a call's worth at a time."""
    try:
        ahead = sorted(key for key in gateway.contacts_of(userid) if key > after)
    except GuideNotUsable as error:
        pulled.left.append(Found(f"staff:{userid}", "无法读取客户列表", error.advice))
        return
    for first in range(0, len(ahead), _PAIRS):
        yield [(userid, key) for key in ahead[first : first + _PAIRS]]


def _groups_of(gateway: Gateway, sweep: Sweep, licensed: Sequence[str], at: At) -> Pulled:
    first, cursor = int(at["owners"]), str(at.get("cursor", ""))
    owners, pulled = licensed[first : first + _OWNERS], Pulled(total=sweep.total)
    if not owners:
        return pulled
    following = ""
    try:
        page = gateway.group_page(owners, cursor=cursor)
        pulled.wants, following = [row.chat_id for row in page.rows], page.next_cursor
    except GuideNotUsable as error:
        pulled.left.append(Found("archive", "无法读取存档成员的客户群", error.advice))
    pulled.total += len(pulled.wants)
    if following and following != cursor:
        pulled.at = {"owners": first, "cursor": following}
    elif first + _OWNERS < len(licensed):
        pulled.at = {"owners": first + _OWNERS}
    return pulled


def _consents_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    """What the customers of these groups said."""
    archive, pulled = gateway_of(listening_app()), Pulled(done=len(wants), total=sweep.total)
    for chat_id in wants:
        asked_at = timezone.now()
        try:
            facts = Agreements(tuple(archive.room_agreements(chat_id)), chat_id)
        except GroupUnknown:
            continue
        except WecomError as error:
            if error.retry is not Retry.NEVER:
                raise
            pulled.left.append(Found(f"group:{chat_id}", "无法读取群的存档同意", error.advice))
            continue
        pulled.portions.append(portion_of(sweep, f"group:{chat_id}", facts, asked_at))
    return pulled


# ---------------------------------------------------------------- keyword hits


def _hits_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """What the data zone's program noted behind our place; nothing where there is no program."""
    if not settings.WECOM_ZONE_BRIDGE_URL:
        return Pulled()
    asked_at, after = timezone.now(), position_of(HITS)
    try:
        page = gateway_of(listening_app()).keyword_hits(after)
    except (ArchiveNotOpen, NotAllowed) as error:
        return closed(sweep, Found("zone", "数据专区不可用", error.advice))
    facts = KeywordHits(page.rows, after, page.next_cursor)
    pulled = Pulled(done=len(page.rows), total=sweep.total + len(page.rows))
    pulled.portions.append(portion_of(sweep, "zone", facts, asked_at))
    if page.has_more and page.next_cursor not in ("", after):
        pulled.at = {"behind": page.next_cursor}
    return pulled


# ---------------------------------------------------------------- customer service


def _accounts_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """All accounts of customer service; who serves each is then looked at."""
    if SERVICE not in settings.WECOM_APPS:
        return Pulled()
    asked_at = timezone.now()
    try:
        rows = tuple(gateway_of(SERVICE).kf_accounts())
    except NotAllowed as error:
        return closed(sweep, Found("kf", "微信客服不可用", error.advice))
    pulled = Pulled([portion_of(sweep, "kf", KfAccounts(rows), asked_at)])
    # Who serves is told for accounts that were given to us alone (48007).
    pulled.wants = [row.open_kfid for row in rows if row.is_managed]
    pulled.done = pulled.total = len(rows)
    return pulled


def _accounts_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    desk, pulled = gateway_of(SERVICE), Pulled(total=sweep.total)
    for open_kfid in wants:
        asked_at = timezone.now()
        try:
            facts = KfServicers(open_kfid, tuple(desk.kf_servicers(open_kfid)))
        except (Gone, NotAllowed):
            # Deleted or taken back since it was listed: the next list says so.
            continue
        pulled.portions.append(portion_of(sweep, f"kf:{open_kfid}", facts, asked_at))
    return pulled


def _no_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    return Pulled()


HEARING: Final[Mapping[str, Source]] = {
    "archive_consents": Source(_consents_page, _consents_details),
    "keyword_hits": Source(_hits_page, _no_details),
    "kf_accounts": Source(_accounts_page, _accounts_details),
}
