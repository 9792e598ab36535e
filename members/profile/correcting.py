"""A member corrects what is kept of her: here, and where guides read it in WeCom."""

from __future__ import annotations

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.errors import StaleEdit
from members.identity.models import Friendship, Member
from wecom.outbox import steps as outbox
from wecom.outbox.models import Kind

_LONGEST_REMARK = 20


@action
def correct_name(member_id: int, *, name: str, version: int, by: Actor) -> Member:
    """How she is called from now on; empty takes the name away. The same again changes nothing.

    `version` is what the writer looked at: when somebody wrote in between, nothing is saved
    (StaleEdit). A guide who remarked her in WeCom by the old name gets the new one there; other
    words of hers stay. Emits `member_corrected`, which names the field and no value.
    """
    member = Member.objects.select_for_update(of=("self",)).get(pk=member_id)
    before, after = member.name or "", name.strip()[:40]
    if after == before:
        return member
    if member.version != version:
        raise StaleEdit
    member.name, member.version = after or None, member.version + 1
    member.save(update_fields=["name", "version"])
    if before:
        _remark_anew(member, before, after)
    _tell(member, "name")
    return member


def _remark_anew(member: Member, before: str, after: str) -> None:
    rows = Friendship.objects.filter(contact__member=member, until=None).select_related(
        "contact", "guide"
    )
    for row in rows:
        if not row.remark or before not in row.remark:
            continue
        row.remark = row.remark.replace(before, after)[:_LONGEST_REMARK].strip() or None
        row.save(update_fields=["remark"])
        outbox.put(
            Kind.REMARK,
            {
                "userid": row.guide.wecom_userid,
                "external_userid": row.contact.external_userid,
                "remark": row.remark or "",
            },
            once=f"remark:{shown_id(row.public_id)}:{member.version}",
            subject=f"contact:{row.contact.external_userid}",
        )


@action
def correct_birth_year(member_id: int, *, year: int | None, by: Actor) -> Member:
    """The year of her birth, or none. The same again changes nothing."""
    member = Member.objects.select_for_update(of=("self",)).get(pk=member_id)
    if member.birth_year == year:
        return member
    member.birth_year, member.version = year, member.version + 1
    member.save(update_fields=["birth_year", "version"])
    _tell(member, "birth_year")
    return member


def _tell(member: Member, field: str) -> None:
    emit(
        "member_corrected",
        subject=f"member:{shown_id(member.public_id)}",
        member=member.pk,
        field=field,
    )
