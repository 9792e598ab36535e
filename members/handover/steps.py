"""What the actions on transfers share: asking WeCom in hundreds, making a transfer true here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Greatest

from kit.actions import must_be_in_action
from kit.fields import shown_id
from kit.live import announce
from members.handover.models import CustomerChoice, CustomerTransfer, TransferState
from members.handover.rules import AT_ONCE, LOOK_EVERY
from members.identity.models import Contact, Friendship, Member
from stores.ledger.steps import set_owners
from stores.org.handing_over import message_for, subject_of
from stores.org.models import Guide, HandOver
from wecom.outbox import steps as outbox

# WeCom's number for "given by whoever manages the customers" (document 92114).
ASSIGNED = 202


def put_in_batches(
    handover: HandOver, rows: Iterable[CustomerTransfer], *, at: datetime
) -> list[CustomerTransfer]:
    """Mark unsaved rows as asked, a hundred to a call, and wish for the calls. A step.

    The rows are the caller's to save, in the same action.
    """
    must_be_in_action()
    by_guide: dict[int, list[CustomerTransfer]] = defaultdict(list)
    for row in rows:
        by_guide[row.to_guide_id or 0].append(row)
    successors = Guide.objects.in_bulk(list(by_guide))
    asked: list[CustomerTransfer] = []
    for guide_id, those in by_guide.items():
        for start in range(0, len(those), AT_ONCE):
            part = those[start : start + AT_ONCE]
            once = f"transfer:{shown_id(part[0].public_id)}"
            for row in part:
                row.state, row.batch, row.asked_at = TransferState.ASKED, once, at
                row.next_look_at = at + LOOK_EVERY
            _ask(handover, successors[guide_id], part, once)
            asked += part
    return asked


def _ask(handover: HandOver, to: Guide, rows: list[CustomerTransfer], once: str) -> None:
    outbox.put(
        "customer_transfer",
        {
            "handover": handover.guide.wecom_userid,
            "takeover": to.wecom_userid,
            "external_userids": [row.contact.external_userid for row in rows if row.contact],
            # To the customers of somebody who has resigned WeCom takes no words.
            "message": "" if handover.has_resigned else message_for(handover, to),
            "has_resigned": bool(handover.has_resigned),
        },
        once=once,
        subject=subject_of(handover),
    )


def change_owner(
    member_ids: Collection[int], *, from_guide: int, to: Guide, at: datetime
) -> list[int]:
    """Members who are still the first guide's become the second's, also in the ledger. A step."""
    must_be_in_action()
    hers = list(
        Member.objects.select_for_update(of=("self",))
        .filter(pk__in=member_ids, owner=from_guide)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    Member.objects.filter(pk__in=hers).update(owner=to)
    set_owners(hers, guide_no=to.pk, store_no=to.store_id, at=at, reason="handover")
    return hers


def befriend_successor(
    contact_ids: Collection[int], *, from_guide: int, to: Guide, at: datetime
) -> None:
    """The friendships as WeCom has them now; callbacks that say the same change nothing. A step."""
    must_be_in_action()
    Friendship.objects.filter(contact__in=contact_ids, guide=from_guide, until=None).update(
        until=Greatest(F("since"), at), ended_by="transfer"
    )
    Friendship.objects.bulk_create(
        [
            Friendship(contact_id=contact, guide=to, since=at, add_way=ASSIGNED)
            for contact in sorted(contact_ids)
        ],
        # Already a friend, or the callback was quicker.
        ignore_conflicts=True,
    )
    Contact.objects.filter(pk__in=contact_ids).update(guide=to)


def tell(handover: HandOver, *guides: Guide) -> None:
    """Let the screens of the store and of the guides concerned ask again. A step."""
    announce(
        f"store.{shown_id(handover.store.public_id)}",
        *(f"guide.{shown_id(guide.public_id)}" for guide in guides),
        kind="handover",
        subject=shown_id(handover.public_id),
    )


def forget_member(member: Member, at: datetime) -> None:
    """That somebody was handed over stays; who it was goes. A step."""
    must_be_in_action()
    CustomerTransfer.objects.filter(Q(member=member) | Q(contact__member=member)).update(
        member=None, contact=None, error=""
    )
    CustomerChoice.objects.filter(Q(member=member) | Q(contact__member=member)).delete()
