"""A member binds her account at a marketplace: by herself, and by an order that only she knows.

Nobody else may say whose account it is, no guide, no import, no likeness of names.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import DomainEvent, emit
from kit.fields import shown_id
from members.identity.errors import AlreadySomebody
from members.identity.models import Identity, IdentityKind, Member, MemberState
from members.identity.queries import member_by_identity
from members.identity.rules import read_account
from members.identity.steps import bind_identity, present_member
from stores.ledger.models import PurchaseLine
from stores.ledger.queries import late_members, receipt_lines
from stores.ledger.steps import join_receipt
from stores.org.models import Store

# An order of longer ago may have been seen by too many.
_ORDER_LIVES: Final = timedelta(days=180)
_MOST_TRIES: Final = 5


class Bound(StrEnum):
    """What became of her wish. One word for everything that does not fit, so that nobody learns
    whose account it is, or which orders there are.
    """

    YES = "yes"
    UNFIT = "unfit"
    TOO_MANY = "too_many"


@action
def bind_account(member_id: int, *, shop: str, name: str, order_no: str, by: Actor) -> Bound:
    """The account leads to her, and the order that proves it becomes hers. Again: nothing changes.

    The order was reported by that marketplace within half a year and is nobody's. Five tries in
    vain a day. `by` sees the orders of her company.
    """
    member, now = present_member(member_id), timezone.now()
    if _tries(member, now) >= _MOST_TRIES:
        return Bound.TOO_MANY
    account = read_account(f"{shop}:{name}")
    if member.state != MemberState.ACTIVE or shop not in settings.MARKETPLACES or account is None:
        return _note_try(member)
    holder = member_by_identity(IdentityKind.MARKETPLACE, account, member.entity)
    if holder is not None and holder.pk == member.pk:
        return Bound.YES
    order = _open_order(shop, order_no.strip(), member, now)
    if holder is not None or order is None:
        return _note_try(member)
    try:
        bind_identity(member, IdentityKind.MARKETPLACE, account, verified_at=now)
    except AlreadySomebody:
        # Somebody bound it in this very moment.
        return _note_try(member)
    join_receipt(
        source=shop, receipt_no=order.receipt_no, member_no=member.pk, store_no=order.store_no
    )
    return Bound.YES


def _open_order(shop: str, order_no: str, member: Member, now: datetime) -> PurchaseLine | None:
    """A line of the order, if it is of her company, young enough, and nobody's yet."""
    lines = receipt_lines(shop, order_no) if order_no else []
    if not lines or any(line.member_no is not None for line in lines):
        return None
    first = lines[0]
    is_ours = Store.objects.filter(pk=first.store_no, entity=member.entity_id).exists()
    is_young = now - _ORDER_LIVES < first.sold_at
    return first if is_ours and is_young and not late_members(shop, [order_no]) else None


def _tries(member: Member, now: datetime) -> int:
    """How often she tried in vain within a day; exact, since the caller holds her lock."""
    return DomainEvent.objects.filter(
        kind="account_not_bound", subject=_subject(member), at__gt=now - timedelta(days=1)
    ).count()


def _note_try(member: Member) -> Bound:
    emit("account_not_bound", subject=_subject(member), member=member.pk)
    return Bound.UNFIT


def _subject(member: Member) -> str:
    return f"member:{shown_id(member.public_id)}"


@action
def let_account_go(member_id: int, *, account: str, by: Actor) -> bool:
    """The account leads to nobody any more; False when it was not hers. Her orders stay hers."""
    found = Identity.objects.filter(member=member_id, kind=IdentityKind.MARKETPLACE)
    hers = next((row for row in found if shown_id(row.public_id) == account), None)
    return hers is not None and bool(found.filter(pk=hers.pk).delete()[0])
