"""The gate before activities that want an impact assessment: no signed one, no start (PIPL 55)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from members.privacy.errors import AssessmentMissing
from members.privacy.models_of_duty import Activity, ImpactAssessment
from stores.org.models import LegalEntity

# Which version of an activity is in force. Whoever changes what an activity does with people's
# data raises its number here: older assessments then say nothing about it any more.
VERSIONS: Final[Mapping[str, int]] = {
    Activity.SENSITIVE: 1,
    Activity.PROFILING: 1,
    Activity.ENTRUSTING: 1,
    Activity.PROVIDING: 1,
    Activity.CROSS_BORDER: 1,
}


def in_force(activity: str, at: datetime) -> QuerySet[ImpactAssessment]:
    """Signed assessments of the version in force that have not run out."""
    return ImpactAssessment.objects.filter(
        activity=activity,
        version=VERSIONS[activity],
        signed_at__lte=at,
        valid_until__gte=timezone.localdate(at),
    )


def assessed_entities(activity: str, at: datetime) -> set[int]:
    """The legal entities that may carry an activity out at a time."""
    return set(in_force(activity, at).values_list("entity", flat=True))


def is_signed(
    activity: str, *, entity: LegalEntity | int | None = None, at: datetime | None = None
) -> bool:
    """Whether an activity may begin for a legal entity; without one, for every entity there is."""
    found = in_force(activity, at or timezone.now())
    if entity is not None:
        key = entity.pk if isinstance(entity, LegalEntity) else entity
        return found.filter(entity=key).exists()
    wanted = set(LegalEntity.objects.values_list("pk", flat=True))
    return bool(wanted) and wanted <= set(found.values_list("entity", flat=True))


def must_be_signed(
    activity: str, *, entity: LegalEntity | int | None = None, at: datetime | None = None
) -> None:
    """Refuse to start an activity without a current signed assessment: AssessmentMissing.

    An assessment of another version, an unsigned one and one that has run out do not count.
    """
    if not is_signed(activity, entity=entity, at=at):
        raise AssessmentMissing(
            f"“{Activity(activity).label}”还没有有效的、已签字的个人信息保护影响评估，不能开始。"
        )
