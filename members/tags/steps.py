"""What actions share about tags: on and off, forgetting, calling for a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.utils import timezone

from kit.actions import must_be_in_action
from members.identity.models import Member
from members.tags.errors import NotAllowed
from members.tags.models import MemberTag, PairTags, Tag, TagSource, TagTakenOff
from members.tags.queries import standing_of_member
from members.tags.rules import Standing

# A friendship's pair gets its row with the first wish to compare it.
_CALL = """
INSERT INTO members_pairtags
  (friendship_id, version, wish, stale_since, must_read, troubles, next_at)
SELECT f.id, 0, '{}', %(now)s, true, 0, %(now)s
  FROM members_friendship f JOIN members_contact c ON c.id = f.contact_id
 WHERE c.member_id = ANY(%(members)s) AND f.until IS NULL
ON CONFLICT (friendship_id) DO UPDATE SET
  stale_since = COALESCE(members_pairtags.stale_since, EXCLUDED.stale_since),
  must_read = members_pairtags.must_read OR %(must_read)s,
  next_at = LEAST(members_pairtags.next_at, EXCLUDED.next_at)
"""


def set_tags(
    member: Member,
    *,
    add: Collection[Tag] = (),
    remove: Collection[Tag] = (),
    source: TagSource,
    at: datetime | None = None,
    by_words: str = "",
) -> bool:
    """Put tags on a member and take others off; False when nothing changed. A step.

    The caller holds the lock on the member. What a person does outlives every rule: a tag that she
    put on is no rule's any more, one that she took off no rule puts on again. Refuses to put
    anything on somebody who did not agree to profiling: NotAllowed.
    """
    actor = by_words or str(must_be_in_action())
    now = at or timezone.now()
    if add and standing_of_member(member, timezone.now()) is not Standing.ALLOWED:
        raise NotAllowed
    living = [tag for tag in add if tag.retired_at is None]
    if source == TagSource.RULE:
        changed = _by_rule(member, living, remove, actor, now)
    else:
        changed = _by_person(member, living, remove, source, actor, now)
    if any(tag.wecom_tag_id for tag in changed):
        call_for_comparison([member.pk])
    return bool(changed)


def _by_person(
    member: Member,
    add: Sequence[Tag],
    remove: Collection[Tag],
    source: TagSource,
    actor: str,
    now: datetime,
) -> list[Tag]:
    held = {row.tag_id: row for row in MemberTag.objects.filter(member=member)}
    changed = [tag for tag in remove if tag.pk in held]
    gone = [tag.pk for tag in remove]
    MemberTag.objects.filter(member=member, tag__in=gone).delete()
    TagTakenOff.objects.bulk_create(
        [TagTakenOff(member=member, tag=tag, by=actor[:120], at=now) for tag in remove],
        update_conflicts=True,
        unique_fields=["member", "tag"],
        update_fields=["by", "at"],
    )
    TagTakenOff.objects.filter(member=member, tag__in=[tag.pk for tag in add]).delete()
    for tag in add:
        row = held.get(tag.pk)
        if row is None:
            changed.append(tag)
            MemberTag.objects.create(
                member=member, tag=tag, source=source, by=actor[:120], since=now
            )
        elif row.source == TagSource.RULE:
            row.source, row.by, row.since = source, actor[:120], now
            row.save(update_fields=["source", "by", "since"])
    return changed


def _by_rule(
    member: Member, add: Sequence[Tag], remove: Collection[Tag], actor: str, now: datetime
) -> list[Tag]:
    against = set(TagTakenOff.objects.filter(member=member).values_list("tag_id", flat=True))
    held = {row.tag_id: row.source for row in MemberTag.objects.filter(member=member)}
    fresh = [tag for tag in add if tag.pk not in held and tag.pk not in against]
    MemberTag.objects.bulk_create(
        [
            MemberTag(member=member, tag=tag, source=TagSource.RULE, by=actor[:120], since=now)
            for tag in fresh
        ]
    )
    over = [tag for tag in remove if held.get(tag.pk) == TagSource.RULE]
    MemberTag.objects.filter(member=member, tag__in=[tag.pk for tag in over]).delete()
    return [*fresh, *over]


def drop_all_tags(member: Member) -> bool:
    """No tag and no word about tags is left of her, here at once and at WeCom soon. A step."""
    must_be_in_action()
    tags, _ = MemberTag.objects.filter(member=member).delete()
    words, _ = TagTakenOff.objects.filter(member=member).delete()
    call_for_comparison([member.pk], must_read=True)
    return bool(tags or words)


def call_for_comparison(members: Iterable[int], *, must_read: bool = False) -> int:
    """Have the pairs of these members compared with WeCom soon; how many pairs. A step.

    With `must_read` WeCom is asked what it holds; else what is known of it counts.
    """
    must_be_in_action()
    with connection.cursor() as cursor:
        cursor.execute(
            _CALL, {"now": timezone.now(), "members": list(members), "must_read": must_read}
        )
        return cursor.rowcount


def forget_member(member: Member, at: datetime) -> None:
    """Her tags, what was said about them and what was known of WeCom's are deleted. A step."""
    must_be_in_action()
    MemberTag.objects.filter(member=member).delete()
    TagTakenOff.objects.filter(member=member).delete()
    PairTags.objects.filter(friendship__contact__member=member).delete()
