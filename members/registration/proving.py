"""Actions by which a member shows once more that it is she: a code to the phone of her card.

Her copy, a change of phone and leaving for good ask for it, since a browser may be in other hands.
"""

from __future__ import annotations

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member, MemberState
from members.registration.comparing import Proven, compare_code
from members.registration.errors import NotAgreedYet
from members.registration.limiting import count_request, make_code
from members.registration.models import OneTimeCode, Proof


@action
def request_own_code(
    member_id: int, *, ip: str, by: Actor, proof: str = Proof.SELF, is_human: bool = False
) -> OneTimeCode:
    """A code to the phone of her card, within the same limits as everybody's codes.

    Refuses who is no member or has no phone (NotAgreedYet), what breaks a limit (TooManyCodes) and
    who must read a picture before (PictureFirst).
    """
    member = Member.objects.select_for_update(of=("self",)).get(pk=member_id)
    if member.state != MemberState.ACTIVE or not member.phone:
        raise NotAgreedYet
    now = timezone.now()
    asked = OneTimeCode.objects.filter(member=member, proof=proof, made_at__date=now.date())
    count_request(
        member.phone,
        ip=ip,
        channel_code=None,
        asked_here=asked.count(),
        is_human=is_human,
        now=now,
    )
    return make_code(member.phone, member=member, proof=proof, now=now)


@action
def try_own_code(member_id: int, *, code: str, by: Actor, proof: str = Proof.SELF) -> Proven:
    """Compare what she typed with the newest code of this proof. Every try counts."""
    row = (
        OneTimeCode.objects.filter(member=member_id, proof=proof)
        .order_by("-made_at", "-pk")
        .first()
    )
    found = compare_code(row, code, timezone.now())
    return Proven.YES if found == Proven.AGAIN else found
