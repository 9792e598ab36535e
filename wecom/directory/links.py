"""Laying WeCom's acquisition links, who came by them and what is left over their mirrors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from kit.actions import action
from kit.actor import Actor
from wecom.directory.models_of_reach import (
    AcquisitionBalance,
    AcquisitionCustomer,
    AcquisitionLink,
    BalanceWarning,
    ChatState,
)
from wecom.directory.portions import Found, LinkCustomers, LinkSeen
from wecom.directory.rules_of_reach import warning_after
from wecom.gateway import AcquisitionQuota


@action
def take_link_ids(link_ids: Sequence[str], *, asked_at: datetime, by: Actor) -> list[str]:
    """Note that these links exist; those whose details were never read come back."""
    AcquisitionLink.objects.bulk_create(
        [AcquisitionLink(link_id=key, read_at=asked_at) for key in link_ids],
        ignore_conflicts=True,
    )
    held = AcquisitionLink.objects.filter(link_id__in=link_ids)
    held.filter(read_at__lte=asked_at).update(read_at=asked_at, gone_at=None)
    return list(held.filter(detailed_at=None).order_by("pk").values_list("link_id", flat=True))


@action
def take_link(seen: LinkSeen, *, asked_at: datetime, by: Actor) -> list[Found]:
    """Keep one link's details, or note that it is gone; what of it changed."""
    held = AcquisitionLink.objects.select_for_update().filter(link_id=seen.link_id).first()
    subject = f"link:{seen.link_id}"
    if seen.card is None:
        if held is None or held.gone_at is not None or held.read_at > asked_at:
            return []
        held.gone_at = held.read_at = asked_at
        held.save(update_fields=["gone_at", "read_at"])
        return [Found(subject, "获客链接已删除", held.name)]
    row = held or AcquisitionLink(link_id=seen.link_id)
    if held is not None and held.read_at > asked_at:
        return []
    before = _said(row)
    card = seen.card
    row.name, row.url, row.skip_verify = card.name[:60], card.url[:400], card.skip_verify
    row.userids = [userid.lower() for userid in card.userids]
    row.department_ids, row.made_at = list(card.department_ids), card.created_at
    is_new = row.detailed_at is None
    row.detailed_at = row.read_at = asked_at
    row.gone_at = None
    row.save()
    if is_new:
        return [Found(subject, "新增获客链接", row.name)]
    return [] if before == _said(row) else [Found(subject, "获客链接变更", row.name)]


@action
def lose_links(present: Sequence[str], *, asked_at: datetime, by: Actor) -> list[Found]:
    """Links that WeCom's whole list leaves out are gone."""
    gone = AcquisitionLink.objects.select_for_update().filter(gone_at=None, read_at__lte=asked_at)
    rows = list(gone.exclude(link_id__in=present).order_by("pk"))
    for row in rows:
        row.gone_at = row.read_at = asked_at
        row.save(update_fields=["gone_at", "read_at"])
    return [Found(f"link:{row.link_id}", "获客链接已删除", row.name) for row in rows]


@action
def note_unavailable(link_id: str, *, at: datetime, by: Actor) -> None:
    """A customer opened a link and nobody behind it could be added."""
    AcquisitionLink.objects.bulk_create(
        [AcquisitionLink(link_id=link_id, read_at=at)], ignore_conflicts=True
    )
    AcquisitionLink.objects.filter(link_id=link_id).update(unavailable_at=at)


@action
def take_customers(facts: LinkCustomers, *, asked_at: datetime, by: Actor) -> None:
    """Keep who came by a link. Who has spoken never falls silent again; the rest is WeCom's word.

    A row learnt later than `asked_at` keeps what it says.
    """
    AcquisitionLink.objects.bulk_create(
        [AcquisitionLink(link_id=facts.link_id, read_at=asked_at)], ignore_conflicts=True
    )
    link = AcquisitionLink.objects.get(link_id=facts.link_id)
    told = {(row.external_userid, row.userid): row for row in facts.rows}
    AcquisitionCustomer.objects.bulk_create(
        [
            AcquisitionCustomer(
                link=link, external_userid=key, userid=userid, found_at=asked_at, read_at=asked_at
            )
            for key, userid in sorted(told)
        ],
        ignore_conflicts=True,
    )
    held = AcquisitionCustomer.objects.select_for_update().filter(
        link=link, external_userid__in={key for key, _ in told}, read_at__lte=asked_at
    )
    changed = []
    for row in held.order_by("pk"):
        card = told.get((row.external_userid, row.userid))
        if card is None:
            continue
        if row.chat_state != ChatState.SPOKE:
            row.chat_state = card.chat_state
            row.spoke_seen_at = asked_at if card.chat_state == "spoke" else None
        row.channel, row.read_at = card.state[:64], asked_at
        changed.append(row)
    AcquisitionCustomer.objects.bulk_update(
        changed, ["chat_state", "spoke_seen_at", "channel", "read_at"], batch_size=500
    )


@action
def note_spoke(
    *,
    external_userid: str,
    userid: str,
    at: datetime,
    link_id: str = "",
    channel: str = "",
    by: Actor,
) -> bool:
    """She wrote to the guide whom she added by a link. Repeating changes nothing.

    Without a link, and with nobody known by these two ids, False: the next sweep will find her.
    """
    held = AcquisitionCustomer.objects.filter(external_userid=external_userid, userid=userid)
    if link_id:
        AcquisitionLink.objects.bulk_create(
            [AcquisitionLink(link_id=link_id, read_at=at)], ignore_conflicts=True
        )
        link = AcquisitionLink.objects.get(link_id=link_id)
        held.model.objects.bulk_create(
            [
                AcquisitionCustomer(
                    link=link,
                    external_userid=external_userid,
                    userid=userid,
                    channel=channel[:64],
                    found_at=at,
                    read_at=at,
                )
            ],
            ignore_conflicts=True,
        )
        held = held.filter(link=link)
    held.exclude(chat_state=ChatState.SPOKE).update(
        chat_state=ChatState.SPOKE, spoke_seen_at=at, read_at=at
    )
    return held.exists()


@action
def take_quota(
    quota: AcquisitionQuota, *, asked_at: datetime, told: str = "", by: Actor
) -> AcquisitionBalance:
    """Keep what is left. `told` is what a callback warned of; it stands until more is bought."""
    AcquisitionBalance.objects.bulk_create(
        [AcquisitionBalance(corp_id=settings.WECOM_CORP_ID, read_at=asked_at)],
        ignore_conflicts=True,
    )
    row = AcquisitionBalance.objects.select_for_update().get(corp_id=settings.WECOM_CORP_ID)
    if row.read_at > asked_at:
        return row
    warning = warning_after(
        row.warning, told, before=row.balance, balance=quota.balance, total=quota.total
    )
    if warning != row.warning:
        row.warned_at = asked_at if warning else None
    row.warning = BalanceWarning(warning)
    row.total, row.balance, row.read_at = max(0, quota.total), max(0, quota.balance), asked_at
    row.lots = [
        {"balance": lot.balance, "expires_on": lot.expires_on and lot.expires_on.isoformat()}
        for lot in quota.lots
    ]
    row.save()
    return row


def _said(row: AcquisitionLink) -> tuple[object, ...]:
    return (row.name, row.url, row.skip_verify, row.userids, row.department_ids, row.gone_at)
