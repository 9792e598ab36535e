"""How each kind is pulled out of WeCom, a bounded number of calls at a time.

A source lists (`page`) and looks at single subjects (`details`). It holds no state: where it is
stands in the cursor that the engine saves after the portion was handled.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from django.utils import timezone

from wecom.directory import queries
from wecom.directory.models import Sweep
from wecom.directory.portions import (
    ContactSeen,
    DepartmentList,
    Facts,
    Found,
    FriendIds,
    FriendPairs,
    GroupSeen,
    Serving,
    StaffOf,
    TagsSeen,
    UnassignedContacts,
    WayIds,
    WaySeen,
)
from wecom.directory.pulling import CALLS, At, Pulled, Source, portion_of
from wecom.directory.rules import INDIGESTIBLE, is_plausible_loss, is_turn_of
from wecom.directory.sources_of_hearing import HEARING
from wecom.directory.sources_of_reach import REACH
from wecom.gateway import (
    ContactCard,
    ContactUnknown,
    Gateway,
    GroupLine,
    GroupUnknown,
    NotFriends,
    Retry,
    WecomError,
)
from wecom.gateway.errors import GuideNotUsable, Unintelligible

_OWNERS: Final = 100
# WeCom lists only codes made after this day (document 96348).
_FIRST_WAYS: Final = datetime(2021, 7, 10, tzinfo=UTC)
_NO_SUCH_WAY: Final = 41044


def _pass_over(error: WecomError, subject: str, sweep: Sweep, pulled: Pulled) -> None:
    """One subject that WeCom will not show must not keep all behind it from being compared.

    Raises the error when waiting may mend it, and when nobody of this portion can be read.
    """
    is_hopeless = error.retry is Retry.NEVER or (
        isinstance(error, Unintelligible) and sweep.troubles >= INDIGESTIBLE
    )
    if not is_hopeless or len(pulled.left) + 1 >= CALLS:
        raise error
    pulled.left.append(Found(subject, "企业微信拒绝读取，已跳过", error.advice))


# Who serves, as this process heard it for a sweep: too long for a cursor, too dear for every page.
_heard: Final[dict[tuple[str, int], tuple[float, list[str]]]] = {}
_HEARD_FOR: Final = 900.0


def _serving(gateway: Gateway, sweep: Sweep) -> list[str]:
    """WeCom's list of members with customers, in order; asked for once in a while, not per page.

    Where a sweep goes on is told by a name, so that it does no harm if another process heard a
    newer list.
    """
    key, now = (sweep.kind, sweep.pk), time.monotonic()
    heard_at, userids = _heard.get(key, (-_HEARD_FOR, []))
    if now - heard_at >= _HEARD_FOR or not sweep.portions:
        userids = sorted(gateway.guides_with_contacts())
        for old in [one for one in _heard if one[0] == sweep.kind]:
            del _heard[old]
        _heard[key] = (now, userids)
    return userids


def _no_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    return Pulled()


# ---------------------------------------------------------------- departments and members


def _staff_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """Departments first, then their members, five departments at a time; who serves, last."""
    if not at:
        asked_at = timezone.now()
        rows = tuple(gateway.departments())
        pulled = Pulled([portion_of(sweep, "departments", DepartmentList(rows), asked_at)])
        pulled.total = len(rows)
        if sweep.is_full:
            # Members whom the application sees without any of their departments.
            pulled.wants = sorted(set(gateway.visible_range().userids))
            pulled.at = {"after": 0}
        else:
            _who_serves(gateway, sweep, pulled)
        return pulled
    numbers = queries.departments_after(int(at["after"]), limit=5)
    pulled = Pulled(done=len(numbers), total=sweep.total)
    for number in numbers:
        asked_at = timezone.now()
        try:
            members = StaffOf(tuple(gateway.members_of(number)))
        except WecomError as error:
            if error.retry is not Retry.NEVER:
                raise
            # Deleted meanwhile, taken out of range, or too large: the others shall not wait.
            pulled.left.append(Found(f"department:{number}", "无法读取部门成员", error.advice))
            continue
        pulled.portions.append(portion_of(sweep, f"department:{number}", members, asked_at))
    if numbers:
        pulled.at = {"after": numbers[-1]}
    else:
        _who_serves(gateway, sweep, pulled)
    return pulled


def _who_serves(gateway: Gateway, sweep: Sweep, pulled: Pulled) -> None:
    """WeCom's list of members with customers; a delta looks at those in whom it differs."""
    asked_at = timezone.now()
    serving = set(gateway.guides_with_contacts())
    facts = Serving(tuple(sorted(serving)))
    pulled.portions.append(portion_of(sweep, "serving", facts, asked_at))
    if sweep.is_full:
        return
    known, served = queries.present_staff(), queries.serving_staff()
    lost = served - serving
    if not is_plausible_loss(len(lost), len(served)):
        text = f"{len(lost)} 位成员同时失去客户联系权限，未逐一核对"
        pulled.left.append(Found("staff:*", "请确认应用可见范围", text))
        lost = set()
    news = queries.userids_with_news("change_contact", since=queries.news_since(sweep))
    pulled.wants = sorted((serving - known) | lost | news)


def _staff_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    asked_at = timezone.now()
    pulled = Pulled()
    rows, absent = [], []
    for userid in wants:
        try:
            rows.append(gateway.staff(userid))
        except GuideNotUsable:
            absent.append(userid)
        except WecomError as error:
            _pass_over(error, f"staff:{userid}", sweep, pulled)
    facts = StaffOf(tuple(rows), tuple(absent))
    pulled.portions.append(portion_of(sweep, "staff", facts, asked_at))
    return pulled


# ---------------------------------------------------------------- contacts


def _contacts_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """The friends of some guides by id; tonight's share of guides is read in detail."""
    userids = _serving(gateway, sweep)
    if not sweep.is_full:
        news = queries.userids_with_news("change_external_contact", since=queries.news_since(sweep))
        userids = [userid for userid in userids if userid in news]
    after = str(at.get("after", ""))
    ahead = [userid for userid in userids if userid > after]
    chosen = ahead[:CALLS]
    pulled = Pulled(done=len(chosen), total=len(userids))
    day = timezone.localdate(sweep.started_at)
    for userid in chosen:
        asked_at = timezone.now()
        try:
            friends = FriendIds(userid, tuple(gateway.contacts_of(userid)))
        except GuideNotUsable as error:
            pulled.left.append(Found(f"staff:{userid}", "无法读取客户列表", error.advice))
            continue
        except WecomError as error:
            _pass_over(error, f"staff:{userid}", sweep, pulled)
            continue
        pulled.portions.append(portion_of(sweep, f"staff:{userid}", friends, asked_at))
        in_detail = not sweep.is_full or sweep.is_thorough or is_turn_of(userid, day)
        if friends.external_userids and in_detail:
            pulled.wants.append(f"{userid} *")
    if len(ahead) > len(chosen):
        pulled.at = {"after": chosen[-1]}
    return pulled


def _contacts_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    """`userid *cursor` is a page of all her friends, `userid external_userid` one of them."""
    pulled = Pulled(total=sweep.total)
    for want in wants:
        userid, _, which = want.partition(" ")
        asked_at = timezone.now()
        facts: Facts
        try:
            if which.startswith("*"):
                page = gateway.contact_pairs([userid], which[1:])
                if page.next_cursor and page.next_cursor != which[1:]:
                    pulled.wants.append(f"{userid} *{page.next_cursor}")
                subject, facts = f"staff:{userid}", FriendPairs(userid, page.pairs)
            else:
                subject, facts = f"contact:{which}", ContactSeen(which, _card(gateway, which))
        except WecomError as error:
            _pass_over(error, f"staff:{userid}", sweep, pulled)
            continue
        pulled.portions.append(portion_of(sweep, subject, facts, asked_at))
    return pulled


def _card(gateway: Gateway, external_userid: str) -> ContactCard | None:
    """Her card; none when she is nobody's friend any more."""
    try:
        return gateway.contact(external_userid)
    except (ContactUnknown, NotFriends):
        return None


# ---------------------------------------------------------------- groups


def _groups_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """The groups of a hundred owners; each group is then looked at."""
    ahead = [i for i in _serving(gateway, sweep) if i > str(at.get("after", ""))]
    owners = ahead[:_OWNERS]
    pulled = Pulled(total=sweep.total)
    cursor = str(at.get("cursor", ""))
    if not owners:
        return pulled
    try:
        page = gateway.group_page(owners, cursor=cursor)
        rows, following = page.rows, page.next_cursor
    except GuideNotUsable:
        rows, following = _groups_one_by_one(gateway, owners, pulled), ""
    pulled.wants = [row.chat_id for row in rows]
    pulled.total += len(rows)
    if following and following != cursor:
        pulled.at = {"after": at.get("after", ""), "cursor": following}
    elif len(ahead) > len(owners):
        pulled.at = {"after": owners[-1]}
    return pulled


def _groups_one_by_one(
    gateway: Gateway, owners: Sequence[str], pulled: Pulled
) -> tuple[GroupLine, ...]:
    """One owner whom WeCom does not know must not hide the others' groups."""
    rows: tuple[GroupLine, ...] = ()
    for owner in owners:
        cursor = ""
        try:
            while True:
                page = gateway.group_page([owner], cursor=cursor)
                rows += page.rows
                if not page.next_cursor or page.next_cursor == cursor:
                    break
                cursor = page.next_cursor
        except GuideNotUsable as error:
            pulled.left.append(Found(f"staff:{owner}", "无法读取客户群", error.advice))
    return rows


def _groups_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    pulled = Pulled(done=len(wants), total=sweep.total)
    for chat_id in wants:
        asked_at = timezone.now()
        try:
            seen = GroupSeen(chat_id, gateway.group(chat_id))
        except GroupUnknown:
            seen = GroupSeen(chat_id, None)
        except GuideNotUsable as error:
            pulled.left.append(Found(f"group:{chat_id}", "群主不在可见范围", error.advice))
            continue
        except WecomError as error:
            _pass_over(error, f"group:{chat_id}", sweep, pulled)
            continue
        pulled.portions.append(portion_of(sweep, f"group:{chat_id}", seen, asked_at))
    return pulled


# ---------------------------------------------------------------- tags, codes, the rest


def _tags_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    asked_at = timezone.now()
    groups = tuple(gateway.tag_groups())
    count = sum(len(group.tags) for group in groups)
    portion = portion_of(sweep, "tags", TagsSeen(groups, is_all=True), asked_at)
    return Pulled([portion], done=count, total=count)


def _ways_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    asked_at, cursor = timezone.now(), str(at.get("cursor", ""))
    keys, following = gateway.contact_way_ids(_FIRST_WAYS, cursor=cursor)
    pulled = Pulled(done=len(keys), total=sweep.total + len(keys))
    pulled.portions.append(portion_of(sweep, "contact_ways", WayIds(tuple(keys)), asked_at))
    if following and following != cursor:
        pulled.at = {"cursor": following}
    return pulled


def _ways_details(gateway: Gateway, sweep: Sweep, wants: Sequence[str]) -> Pulled:
    pulled = Pulled(total=sweep.total)
    for key in wants:
        asked_at = timezone.now()
        try:
            seen = WaySeen(key, gateway.contact_way(key))
        except WecomError as error:
            if error.code != _NO_SUCH_WAY:
                _pass_over(error, f"code:{key}", sweep, pulled)
                continue
            seen = WaySeen(key, None)
        pulled.portions.append(portion_of(sweep, f"way:{key}", seen, asked_at))
    return pulled


def _nothing_to_list(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    """What is open stands in our own tables: all of it is compared at the end."""
    return Pulled()


def _unassigned_page(gateway: Gateway, sweep: Sweep, at: At) -> Pulled:
    asked_at, cursor = timezone.now(), str(at.get("cursor", ""))
    page = gateway.unassigned(cursor)
    pulled = Pulled(done=len(page.rows), total=sweep.total + len(page.rows))
    facts = UnassignedContacts(page.rows)
    pulled.portions.append(portion_of(sweep, "unassigned", facts, asked_at))
    if page.next_cursor and page.next_cursor != cursor:
        pulled.at = {"cursor": page.next_cursor}
    return pulled


SOURCES: Final[Mapping[str, Source]] = {
    "staff": Source(_staff_page, _staff_details),
    "contacts": Source(_contacts_page, _contacts_details),
    "tags": Source(_tags_page, _no_details),
    "groups": Source(_groups_page, _groups_details),
    "contact_ways": Source(_ways_page, _ways_details),
    "mass_sends": Source(_nothing_to_list, _no_details),
    "unassigned": Source(_unassigned_page, _no_details),
    **REACH,
    **HEARING,
}
