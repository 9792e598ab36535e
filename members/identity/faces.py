"""Names for the numbers by which figures know members; `settings.MEMBER_FACES` asks here."""

from __future__ import annotations

from collections.abc import Collection

from kit.fields import shown_id
from members.identity.models import Member


def faces_of(member_nos: Collection[int]) -> dict[int, tuple[str, str]]:
    """Name and page of the members that the scope around us reaches; the others are left out."""
    found = Member.objects.filter(pk__in=set(member_nos))
    return {
        member.pk: (member.name or "会员", f"/tablet/members/{shown_id(member.public_id)}/")
        for member in found
    }
