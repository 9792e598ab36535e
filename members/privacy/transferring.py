"""A company's business passes to another one, by merger or sale, and its people with it.

They are told first who the receiver is; the receiver is bound by what they agreed to, and has to
ask anew for what it would do otherwise (PIPL 22, 14). What has to hold is asked here each time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import emit
from members.consent.models import ConsentState, Method, Notice, Purpose
from members.consent.queries import current_notice
from members.consent.steps import Circumstances, end_grants
from members.identity.models import Contact, Member, MemberState
from members.identity.models_of_doubles import Trait
from members.privacy import pia, repointing
from members.privacy.errors import AssessmentMissing, NotTransferable
from members.privacy.models import RequestState, SubjectRequest
from members.privacy.models_of_duty import Activity
from members.privacy.steps import record_disclosure
from stores.org.models import LegalEntity, Store

# Between telling people and passing them on: time to read it, and to leave.
TOLD_BEFORE: Final = timedelta(days=30)
_BATCH: Final = 500
# They follow from the contract with her, which the receiver takes over as it stands.
_WITH_THE_CONTRACT: Final = {Purpose.MEMBERSHIP, Purpose.ORDER_SERVICE}


@dataclass(frozen=True, slots=True)
class Passage:
    """What a transfer did. `clashes` are till numbers that the receiver uses for somebody else."""

    stores: int
    members: int
    contacts: int
    ended: int
    clashes: int


def transfer_entity(
    source: LegalEntity, target: LegalEntity, *, by: Actor, at: datetime | None = None
) -> Passage:
    """Pass stores, members and contacts to the receiver, in portions; repeating goes on.

    Refuses (NotTransferable) until the source's people were told of it for thirty days by a notice
    that names the receiver, the receiver has a notice of its own, and handing over was assessed.
    Permissions for which the receiver's words differ end, and may be asked for anew at once.
    """
    now = at or timezone.now()
    with scope_of(by):
        missing = what_is_missing(source, target, now)
        if missing:
            raise NotTransferable("还不能转移：" + "；".join(missing))
        changed = changed_purposes(source, target)
    stores = pass_stores(source.pk, target.pk, by=by)
    members = contacts = ended = clashes = 0
    while portion := pass_members(source.pk, target.pk, changed, limit=_BATCH, by=by):
        members, ended, clashes = members + portion[0], ended + portion[1], clashes + portion[2]
    while found := pass_contacts(source.pk, target.pk, limit=_BATCH, by=by):
        contacts += found
    return Passage(stores, members, contacts, ended, clashes)


def what_is_missing(source: LegalEntity, target: LegalEntity, at: datetime) -> list[str]:
    """What has to be done before a transfer, in words for HQ; empty when it may begin."""
    if source.pk == target.pk:
        return ["转出方和接收方是同一个主体"]
    told = current_notice(source)
    missing = []
    if told is None or not _names(told, target):
        missing.append(f"“{source.name}”最新的告知里没有写明接收方的名称和联系方式")
    elif not told.renotice:
        missing.append("写明接收方的告知没有勾选“需要再次告知会员”")
    elif told.published_at is None or at - told.published_at < TOLD_BEFORE:
        missing.append(f"告知会员不满 {TOLD_BEFORE.days} 天")
    if current_notice(target) is None:
        missing.append(f"“{target.name}”还没有自己的告知")
    try:
        pia.must_be_signed(Activity.PROVIDING, entity=source, at=at)
    except AssessmentMissing as fault:
        missing.append(str(fault).rstrip("。"))
    return missing


def _names(notice: Notice, target: LegalEntity) -> bool:
    words = f"{notice.summary}\n{notice.body}"
    return target.name in words and target.contact in words


def changed_purposes(source: LegalEntity, target: LegalEntity) -> frozenset[str]:
    """For which purposes the receiver says something else than what people agreed to."""
    before, after = (_said(current_notice(entity)) for entity in (source, target))
    return frozenset(
        purpose
        for purpose in Purpose.values
        if purpose not in _WITH_THE_CONTRACT
        and (purpose not in after or before.get(purpose) != after[purpose])
    )


def _said(notice: Notice | None) -> dict[str, tuple[str, str]]:
    items = [] if notice is None else notice.items
    return {item["purpose"]: (item["title"].strip(), item["text"].strip()) for item in items}


@action
def pass_stores(source_id: int, target_id: int, *, by: Actor) -> int:
    """The shops, and what people asked and nobody answered yet; how many shops.

    First of all, so that nobody joins the old company any more. Emits `entity_passed_on`.
    """
    emit(
        "entity_passed_on",
        subject=f"entity:{source_id}",
        once=f"entity_passed_on:{source_id}:{target_id}",
        source=source_id,
        target=target_id,
    )
    SubjectRequest.objects.filter(
        entity=source_id, state__in=[RequestState.OPEN, RequestState.CHECKED]
    ).update(entity=target_id)
    return Store.objects.filter(entity=source_id).update(entity=target_id)


@action
def pass_members(
    source_id: int, target_id: int, changed: Collection[str], *, limit: int, by: Actor
) -> tuple[int, int, int] | None:
    """The next members and all that leads to them: how many, permissions ended, clashing numbers.

    None when nobody is left. Whoever is a member of the receiver already is told to the house as
    one person with two records: proof merges them, else a person decides.
    """
    found = Member.objects.select_for_update(of=("self",)).filter(entity=source_id)
    rows = list(found.order_by("pk")[:limit])
    if not rows:
        return None
    target = LegalEntity.objects.get(pk=target_id)
    ended = 0
    for member in rows:
        if member.state == MemberState.ACTIVE:
            ended += len(_end_changed(member, changed, source_id))
    keys = [member.pk for member in rows]
    clashes = repointing.rebind_identities(keys, target)
    # They are made anew by the nightly look for doubles.
    Trait.objects.filter(member__in=keys).delete()
    Member.objects.filter(pk__in=keys).update(entity=target)
    record_disclosure(
        what="entity_transfer",
        recipient=target.name,
        purpose="合并、分立等转移个人信息（个保法第二十二条）",
        fields=["members.member", "members.identity", "members.contact"],
        count=len(keys),
        members=keys,
    )
    return len(keys), ended, clashes


def _end_changed(member: Member, changed: Collection[str], source_id: int) -> list[Any]:
    if not ConsentState.objects.filter(
        member=member, purpose__in=changed, is_granted=True
    ).exists():
        return []
    around = Circumstances(
        method=Method.HQ, at=timezone.now(), source=f"entity_transfer:{source_id}"
    )
    return end_grants(member, changed, around)


@action
def pass_contacts(source_id: int, target_id: int, *, limit: int, by: Actor) -> int:
    """The next contacts; how many. One that the receiver knows too becomes one with its own.

    Digests of unionids are the old company's: the next sweep reads them again.
    """
    found = Contact.objects.select_for_update(of=("self",)).filter(entity=source_id)
    rows = list(found.select_related("member").order_by("pk")[:limit])
    known = {
        row.external_userid: row
        for row in Contact.objects.select_related("member").filter(
            entity=target_id, external_userid__in=[row.external_userid for row in rows]
        )
    }
    for row in rows:
        if row.external_userid in known:
            repointing.unite_contacts(row, known[row.external_userid])
    free = [row.pk for row in rows if row.external_userid not in known]
    Contact.objects.filter(pk__in=free).update(entity=target_id, unionid_digest=None)
    return len(rows)
