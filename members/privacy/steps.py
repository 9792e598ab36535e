"""What actions share: a disclosure and a look are written in the transaction that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F
from django.utils import timezone

from kit.actions import must_be_in_action
from kit.actor import ActorKind
from kit.fields import read_id
from members.identity.models import Member
from members.privacy.emitters import EMITTERS
from members.privacy.errors import NoReason, TooManyLooks, UnknownEmitter
from members.privacy.models import AccessLog, Disclosure
from members.privacy.models_of_duty import AccountLook
from members.privacy.rules import LOOKS_A_DAY, REASONS
from members.privacy.watching import note_looks
from stores.org.models import Account

# A disclosure of more people names their number only.
MOST_NAMED = 10_000


def record_disclosure(
    *,
    what: str,
    recipient: str,
    purpose: str,
    fields: Sequence[str],
    count: int,
    members: Sequence[int] = (),
    country: str = "CN",
) -> Disclosure:
    """Write into the register that personal data leaves the house. A step.

    Each call writes one line; the emitter calls it once per export, answer or batch. Refuses a path
    that `emitters.EMITTERS` does not name.
    """
    by = must_be_in_action()
    if what not in EMITTERS:
        raise UnknownEmitter(what)
    line = Disclosure(
        what=what,
        recipient=recipient,
        purpose=purpose,
        fields=list(fields),
        count=count,
        members=list(members)[:MOST_NAMED],
        country=country,
        actor=str(by),
    )
    # Whoever acts may write it and not read it again: an insert that returns nothing.
    Disclosure.objects.bulk_create([line], ignore_conflicts=True)
    return line


def record_look(
    *, member: Member, fields: Sequence[str], reason: str, at: datetime | None = None
) -> None:
    """Write that whoever acts looks at what is masked otherwise, and count it. A step.

    Refuses without a reason of the list, and the fifty-first look of an account on one day.
    """
    by = must_be_in_action()
    if reason not in REASONS:
        raise NoReason
    now = at or timezone.now()
    _count(str(by), now)
    name = ""
    if by.kind == ActorKind.ACCOUNT:
        found = Account.objects.filter(public_id=read_id(by.key)).values_list("name", flat=True)
        name = found.first() or ""
    line = AccessLog(
        actor=str(by),
        actor_name=name,
        member_no=member.pk,
        store_no=member.home_store_id,
        fields=list(fields),
        reason=reason,
        at=now,
    )
    AccessLog.objects.bulk_create([line], ignore_conflicts=True)


def _count(actor: str, now: datetime) -> None:
    """Take one of the day's looks: the row's own condition decides between two at once."""
    today = timezone.localdate(now)
    AccountLook.objects.bulk_create([AccountLook(actor=actor, on=today)], ignore_conflicts=True)
    taken = AccountLook.objects.filter(actor=actor, on=today, looks__lt=LOOKS_A_DAY).update(
        looks=F("looks") + 1
    )
    if not taken:
        raise TooManyLooks
    note_looks(actor, now)
