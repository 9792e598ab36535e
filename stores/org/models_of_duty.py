"""Who is on duty when: what a store's manager plans and a roster code asks."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from kit.classified import declare, keep_days
from kit.fields import PublicIdField
from stores.org.models import Guide, Store


class Shift(models.Model):
    """A guide's duty in a store, from the first moment to the last, which is no longer duty."""

    public_id = PublicIdField()
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="shifts", verbose_name="导购")
    store = models.ForeignKey(Store, models.PROTECT, related_name="shifts", verbose_name="门店")
    begins_at = models.DateTimeField("上班")
    ends_at = models.DateTimeField("下班")
    planned_by = models.CharField("谁排的", max_length=120, blank=True)
    planned_at = models.DateTimeField("排班时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(395, "ends_at"),
        internal="id public_id guide store begins_at ends_at planned_by planned_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "排班"
        ordering = ("begins_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")),
                name="a_shift_ends_after_it_begins",
                violation_error_message="下班要晚于上班。",
            ),
            ExclusionConstraint(
                name="one_shift_of_a_guide_at_a_time",
                expressions=[
                    ("guide", RangeOperators.EQUAL),
                    (
                        Func(
                            F("begins_at"),
                            F("ends_at"),
                            function="TSTZRANGE",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="她在这段时间已经有班了。",
            ),
        )
        indexes = (
            # Who is on duty in a store, now or in a week?
            models.Index(fields=["store", "begins_at"], name="shifts_of_store_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.guide.name} {timezone.localtime(self.begins_at):%m-%d %H:%M}"
