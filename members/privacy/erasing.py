"""Removing a person: every room empties its tables, the numbers stay, the law's records freeze.

What stays is de-identified: the ledger's lines under a number that leads to nobody, her decisions
as proof without a name. `Erasure` keeps a digest, so that a restored backup can be cleaned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.actions import action, must_be_in_action
from kit.actor import Actor
from kit.events import emit
from kit.fields import blind_index, shown_id
from members.identity.models import Contact, Identity, Member, MemberState
from members.privacy.errors import CannotErase
from members.privacy.models import Erasure
from members.privacy.trails import leave_trail
from stores.ledger.queries import numbers_of
from stores.org.models import LegalEntity

SHORTEST: Final = 8

Eraser = Callable[[Member, datetime], None]


def digest_of_member(member: Member, entity: LegalEntity | None = None) -> bytes:
    """What the erasure log keeps of her: found from a backup's row, leading back to nobody."""
    shown, within = shown_id(member.public_id), (entity or member.entity).public_id
    return blind_index("erasure", shown, within=shown_id(within))


@action
def erase_member(
    member_id: int, *, why: str, by: Actor, at: datetime | None = None
) -> Erasure | None:
    """Remove the person, and every record that was merged into hers; None when she was before.

    She has left by then, so nothing is sent to her meanwhile; who is still a member is refused.
    """
    member = (
        Member.objects.select_for_update(of=("self",)).select_related("entity").get(pk=member_id)
    )
    if member.state == MemberState.ERASED:
        return None
    if member.state == MemberState.ACTIVE:
        raise CannotErase("她还是会员，请先办理退会。")
    return erase(member, why=why, at=at or timezone.now())


def erase(member: Member, *, why: str, at: datetime) -> Erasure:
    """The same within an action: rooms in order, trail, log, event. A step."""
    by = must_be_in_action()
    people = [member, *_merged_into(member)]
    leave_trail([word for person in people for word in _named_by(person)])
    line = Erasure(
        entity=member.entity,
        digest=digest_of_member(member),
        member_no=member.pk,
        why=why[:60],
        at=at,
        actor=str(by),
    )
    erasers = _erasers()
    for person in people:
        for forget in erasers:
            forget(person, at)
    Erasure.objects.bulk_create([line], ignore_conflicts=True)
    emit("member_erased", subject=f"member:{shown_id(member.public_id)}", member=member.pk)
    return line


@action
def replay(digests: Iterable[bytes], *, by: Actor, at: datetime) -> int:
    """Erase again whom a restored backup brought back; how many it were. Repeats change nothing."""
    wanted = set(digests)
    # A backup may know her with the company that she was passed on by.
    entities = list(LegalEntity.objects.all())
    done = 0
    living = Member.objects.exclude(state=MemberState.ERASED).select_related("entity")
    for member in living.select_for_update(of=("self",)).order_by("pk").iterator(chunk_size=2000):
        if wanted.isdisjoint(digest_of_member(member, entity) for entity in entities):
            continue
        erase(member, why="replay", at=at)
        done += 1
    return done


def _erasers() -> list[Eraser]:
    paths: Sequence[str] = import_string(settings.ERASERS)
    return [import_string(path) for path in paths]


def _named_by(member: Member) -> list[str]:
    """By what logs may name her: WeCom's ids, her phone, her card; never her name, which others
    bear too.
    """
    contacts = Contact.objects.filter(member=member).values_list("external_userid", flat=True)
    identities = [str(row.value) for row in Identity.objects.filter(member=member)]
    phone = member.phone or ""
    words = [*contacts, *identities, phone, phone.removeprefix("+86"), member.card_no]
    # A short number of a till stands in half of all lines.
    return [word for word in words if len(word) >= SHORTEST]


def _merged_into(member: Member) -> list[Member]:
    """Records that are hers under another number."""
    numbers = numbers_of([member.pk]).get(member.pk, {member.pk}) - {member.pk}
    rows = Member.objects.filter(pk__in=numbers).exclude(state=MemberState.ERASED)
    return list(rows.select_for_update(of=("self",)).select_related("entity").order_by("pk"))
