"""What compliance does: sign assessments, follow incidents, count heads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, F, Func
from django.utils import timezone

from kit.actions import action, must_be_in_action, scope_of
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.identity.models import Member, MemberState
from members.privacy.actions import disclose
from members.privacy.errors import AssessmentIncomplete, IncidentIncomplete
from members.privacy.models import AccessLog, Disclosure
from members.privacy.models_of_duty import (
    Headcount,
    ImpactAssessment,
    Incident,
    IncidentGrade,
    IncidentKind,
)
from members.privacy.rules import severity_of
from stores.org.models import Account, LegalEntity

# A signed assessment is kept so long at least (PIPL 56), and looked at again after a year.
KEPT: Final = timedelta(days=3 * 366)
VALID: Final = timedelta(days=365)
# What stands in a notice where the form says nothing yet.
OPEN: Final = "【待填写】"


@action
def sign_assessment(
    assessment_id: int, *, signer: Account, valid_until: date | None = None, by: Actor
) -> ImpactAssessment:
    """Sign for good: unchanged from now on, and kept for three years. Signed before: unchanged.

    Refuses one that leaves one of the three questions open (PIPL 56).
    """
    row = ImpactAssessment.objects.select_for_update().get(pk=assessment_id)
    if row.signed_at is not None:
        return row
    if not all(text.strip() for text in (row.legality, row.risk, row.measures)):
        raise AssessmentIncomplete
    now = timezone.now()
    row.signed_by, row.signed_at = signer, now
    row.valid_until = valid_until or timezone.localdate(now + VALID)
    row.retain_until = now + KEPT
    row.save(update_fields=["signed_by", "signed_at", "valid_until", "retain_until"])
    emit("assessment_signed", subject=f"assessment:{shown_id(row.public_id)}", row=row.pk)
    return row


@action
def save_incident(row: Incident, *, by: Actor) -> Incident:
    """Write an incident and set its clocks: grade and deadline follow from the figures."""
    must_be_in_action()
    measured = severity_of(
        people=row.people,
        sensitive_people=row.sensitive_people,
        loss_minor=row.loss,
        is_defect=row.kind == IncidentKind.DEFECT,
        known_at=row.known_at,
    )
    row.grade, row.report_due_at = IncidentGrade(measured.grade), measured.report_due_at
    row.written_by = row.written_by or str(by)
    row.save()
    return row


@action
def close_incident(incident_id: int, *, by: Actor) -> Incident:
    """End an incident. Refuses while a report, the notice to people or its reason is missing."""
    row = Incident.objects.select_for_update().get(pk=incident_id)
    if row.closed_at is not None:
        return row
    is_reported = row.reported_at is not None or row.report_due_at is None
    is_told = row.notified_at is not None or bool(row.not_notified_because.strip())
    if not (is_reported and is_told and row.cause.strip() and row.measures.strip()):
        raise IncidentIncomplete
    row.closed_at = timezone.now()
    row.save(update_fields=["closed_at"])
    return row


def affected_by(actor: str, *, since: datetime, until: datetime) -> list[int]:
    """Whose unmasked data an account saw, or took out of the house, between two moments.

    Numbers in order; one index scan over the looks, one over the register.
    """
    looks = AccessLog.objects.filter(actor=actor, at__gte=since, at__lte=until)
    taken = Disclosure.objects.filter(actor=actor, at__gte=since, at__lte=until)
    seen = set(looks.values_list("member_no", flat=True).distinct())
    given = set(
        taken.annotate(one=Func(F("members"), function="unnest")).values_list("one", flat=True)
    )
    return sorted(seen | given)


def affected_list(incident: Incident, *, by: Actor) -> list[Member]:
    """The members whom an incident concerns, for telling them; written into the register."""
    if not incident.actor or incident.began_at is None or incident.ended_at is None:
        return []
    with scope_of(by):
        numbers = affected_by(incident.actor, since=incident.began_at, until=incident.ended_at)
        rows = list(Member.objects.filter(pk__in=numbers).order_by("pk"))
    disclose(
        what="incident_list",
        recipient="本品牌合规",
        purpose=f"安全事件：{incident.title}"[:200],
        fields=["members.member"],
        count=len(rows),
        members=[row.pk for row in rows],
        by=by,
    )
    return rows


def report_of(incident: Incident) -> str:
    """The report to the authority, filled from the form (网数条例 11, PIPL 57)."""
    return "\n".join(f"{title}：{said}" for title, said in _told(incident) if said)


def _told(row: Incident) -> Iterable[tuple[str, Any]]:
    known = timezone.localtime(row.known_at)
    yield "事件", row.title
    yield "类型与级别", f"{row.get_kind_display()}，{row.get_grade_display()}"
    yield "知悉时间", f"{known:%Y-%m-%d %H:%M}"
    if row.began_at:
        until = f"{timezone.localtime(row.ended_at):%Y-%m-%d %H:%M}" if row.ended_at else "今"
        yield "发生时间", f"{timezone.localtime(row.began_at):%Y-%m-%d %H:%M} 至 {until}"
    yield "涉及的个人信息种类", row.kinds
    yield "涉及人数", f"{row.people:,}（其中敏感个人信息 {row.sensitive_people:,}）"
    yield "直接经济损失", f"{row.loss / 100:,.2f} 元" if row.loss else ""
    yield "原因", row.cause
    yield "可能造成的危害", row.harm
    yield "已采取的补救措施", row.measures
    yield "个人可以采取的措施", row.advice


def notice_of(incident: Incident, entity: LegalEntity) -> str:
    """What people are told: what of theirs, why, what was done, what they can do, whom to ask.

    What the form leaves open is said to be open, so that nobody sends it so.
    """
    kinds, cause, harm, measures, advice = (
        said.strip() or OPEN
        for said in (
            incident.kinds, incident.cause, incident.harm, incident.measures, incident.advice,
        )
    )  # fmt: skip
    return "\n".join(
        [
            f"{entity.name} 告知您：您的个人信息（{kinds}）发生了{incident.get_kind_display()}。",
            f"原因：{cause}",
            f"可能的危害：{harm}",
            f"我们已经：{measures}",
            f"您可以：{advice}",
            f"联系我们：{entity.contact}",
        ]
    )


@action
def count_heads(*, on: date, by: Actor) -> int:
    """How many people each entity holds today, and how many went abroad this year; entities.

    Counted again on the same day, the number is written over.
    """
    counts = dict(
        Member.objects.exclude(state=MemberState.ERASED)
        .values_list("entity")
        .annotate(people=Count("pk"))
    )
    abroad = _abroad(on)
    rows = [
        Headcount(entity_id=key, on=on, people=counts.get(key, 0), abroad=abroad.get(key, 0))
        for key in LegalEntity.objects.values_list("pk", flat=True)
    ]
    Headcount.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["entity", "on"],
        update_fields=["people", "abroad"],
    )
    return len(rows)


def _abroad(on: date) -> dict[int, int]:
    """Distinct people whose data left the country since New Year, by legal entity."""
    lines = Disclosure.objects.exclude(country="CN").filter(at__year=on.year)
    people = set(
        lines.annotate(one=Func(F("members"), function="unnest")).values_list("one", flat=True)
    )
    found = Member.objects.filter(pk__in=people).values_list("entity").annotate(n=Count("pk"))
    return dict(found)
