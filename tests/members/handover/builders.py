"""Builders of hand-overs: friends that WeCom knows too, a decided hand-over, the worker's part."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from members.handover.looking import look_at_due
from members.handover.models import CustomerTransfer
from members.identity.models import Contact, Friendship, Member
from stores.org.endings import end_what_is_done
from stores.org.handing_over import Terms, arrange_hand_over, decide_hand_over, propose_hand_over
from stores.org.models import Guide, HandOver, HandOverReason
from tests.members.builders import TESTER, a_contact, run_handlers
from tests.sandbox import Sandbox
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow, OutboxState

WORDS = "您好，{导购}已离开{门店}，接下来由{继任者}为您服务。"


def a_friend(
    guide: Guide, number: int, *, member: Member | None = None, wecom: Sandbox | None = None
) -> Contact:
    """A friend of the guide, in WeCom too."""
    external_userid = f"wm{number:030d}"
    contact = a_contact(guide, external_userid=external_userid, member=member, name=f"客人{number}")
    if wecom is not None:
        wecom.post(
            "seed",
            corp_id=settings.WECOM_CORP_ID,
            customers=[{"external_userid": external_userid, "name": contact.name}],
            friends=[{"userid": guide.wecom_userid, "external_userid": external_userid}],
        )
    return contact


def many_friends(guide: Guide, count: int, *, since: int = 1000) -> None:
    """Friends here only, in two statements."""
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                entity=guide.store.entity,
                external_userid=f"wm{number:030d}",
                name=f"客人{number}",
                guide=guide,
            )
            for number in range(since, since + count)
        ]
    )
    Friendship.objects.bulk_create(
        [Friendship(contact=contact, guide=guide, since=timezone.now()) for contact in contacts]
    )


def a_hand_over(
    guide: Guide,
    *successors: Guide,
    reason: HandOverReason = HandOverReason.LEFT,
    store: int | None = None,
    **terms: object,
) -> HandOver:
    """An arranged one; a successor named twice gets two parts."""
    made = propose_hand_over(guide.pk, reason=reason, store_id=store, by=TESTER)
    terms.setdefault("message", WORDS if reason != HandOverReason.LEAVE else "")
    return arrange_hand_over(
        made.pk,
        shares={one.pk: successors.count(one) for one in successors},
        terms=Terms(**terms),  # type: ignore[arg-type]
        by=TESTER,
    )


def decided(handover: HandOver) -> HandOver:
    """Decided, and everything done that follows at once."""
    assert decide_hand_over(handover.pk, version=handover.version, by=TESTER)
    run_house()
    handover.refresh_from_db()
    return handover


def run_house() -> None:
    """Do the worker's part until nothing waits: news, the outbox, what came of it."""
    for _ in range(10):
        handled = run_handlers()
        due = OutboxRow.objects.filter(
            state=OutboxState.PLANNED, next_try_at__lte=timezone.now()
        ).values_list("pk", flat=True)
        # All of them, not only up to the first that was carried.
        carried = [deliver(key) for key in list(due)]
        if not handled and not any(carried):
            break
    end_what_is_done()


def a_day_later(wecom: Sandbox) -> None:
    """WeCom's clock goes on by a day, and we look at what came of it."""
    wecom.post("clock", advance_seconds=86_401)
    look_now()


def look_now() -> None:
    """Every transfer's next look is due, and is taken."""
    CustomerTransfer.objects.under_way().update(next_look_at=timezone.now())
    look_at_due()
    run_house()


def states_of(handover: HandOver) -> dict[str, int]:
    """How many rows stand in which state; settled ones under the word for it."""
    found: dict[str, int] = {}
    for row in CustomerTransfer.objects.filter(hand_over=handover):
        word = row.settled or row.state
        found[word] = found.get(word, 0) + 1
    return found
