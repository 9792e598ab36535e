"""Names for the numbers by which figures know members; `settings.MEMBER_FACES` asks here."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from members.identity.models import Member
from members.identity.queries import called


def faces_of(member_nos: Collection[int]) -> dict[int, tuple[str, str]]:
    """Name and page of the members that the scope around us reaches; the others are left out."""
    return {
        member.pk: (called(member), reverse("tablet-member", args=[member.public_id]))
        for member in Member.objects.filter(pk__in=set(member_nos))
    }
