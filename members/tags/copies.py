"""What this room keeps of a person, for her copy."""

from __future__ import annotations

from collections.abc import Sequence

from members.identity.models import Member
from members.privacy.copies import Part, part
from members.tags.models import MemberTag, PairTags, TagTakenOff


def of_member(member: Member) -> Sequence[Part]:
    """Her tags with what each is good for, what was taken off, what WeCom held."""
    held = MemberTag.objects.filter(member=member).select_related("tag").order_by("pk")
    tags = part(held, also="source since")
    rows = [{**row, "reason": one.tag.reason} for row, one in zip(tags.rows, held, strict=True)]
    return [
        Part(tags.table, tags.title, rows),
        part(TagTakenOff.objects.filter(member=member).select_related("tag"), also="at"),
        part(PairTags.objects.filter(friendship__contact__member=member), also="known_at"),
    ]
