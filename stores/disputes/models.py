"""Disputes: who says that a receipt is hers and why, what the others answer, what was decided."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_years, with_owner
from kit.fields import PublicIdField, SealedTextField
from stores.org.models import Guide, Store


class DisputeReason(models.TextChoices):
    """The closed list of why somebody thinks that a receipt is hers."""

    SERVED = "served", "当时是我接待的"
    CONTACTED = "contacted", "成交前是我联系的"
    BROUGHT = "brought", "会员是我带来的"
    SHARED = "shared", "我们一起完成的"


class DisputeState(models.TextChoices):
    OPEN = "open", "待裁定"
    GRANTED = "granted", "已改判"
    REFUSED = "refused", "维持原归属"
    WITHDRAWN = "withdrawn", "已撤回"


class Dispute(models.Model):
    """One guide's claim to one receipt. Once it was decided, it stays as it is."""

    public_id = PublicIdField()
    source = models.CharField("来源", max_length=40)
    receipt_no = models.CharField("小票号", max_length=80)
    sold_at = models.DateTimeField("销售时间")
    # Where it was sold: whoever answers for this store and all concerned decides.
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    claimant = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="申诉人")
    reason = models.CharField("理由", max_length=10, choices=DisputeReason.choices)
    text = SealedTextField("说明", null=True)
    # Her own touches of the buyer before the sale, as far as she chose them.
    touches = ArrayField(models.BigIntegerField(), default=list, verbose_name="证据")
    state = models.CharField(
        "状态", max_length=10, choices=DisputeState.choices, default=DisputeState.OPEN
    )
    opened_at = models.DateTimeField("提出时间", default=timezone.now)
    due_at = models.DateTimeField("裁定期限")
    decided_at = models.DateTimeField("裁定时间", null=True)
    decided_by = models.CharField("裁定人", max_length=120, blank=True)
    decided_name = models.CharField("裁定人姓名", max_length=60, blank=True)
    # How many per cent of the receipt are the claimant's from then on.
    percent = models.PositiveSmallIntegerField("改判比例（%）", null=True)
    verdict = SealedTextField("裁定说明", null=True)

    privacy: ClassVar = declare(
        keep=keep_years(5, "opened_at"),
        internal="id public_id source receipt_no sold_at store claimant reason touches state"
        " opened_at due_at decided_at decided_by percent",
        personal="text verdict decided_name",
    )

    class Meta:
        verbose_name = verbose_name_plural = "业绩申诉"
        constraints = (
            models.UniqueConstraint(
                fields=["source", "receipt_no", "claimant"],
                condition=Q(state="open"),
                name="one_open_dispute_per_guide_and_receipt",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None) | ~Q(state="open"),
                name="an_open_dispute_is_undecided",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(percent__gte=1, percent__lte=100),
                name="a_granted_dispute_says_how_much",
            ),
        )
        indexes = (
            # What waits for a decision, the oldest first?
            models.Index(fields=["due_at"], name="disputes_to_decide", condition=Q(state="open")),
            # A receipt's disputes.
            models.Index(fields=["source", "receipt_no"], name="disputes_of_receipt"),
        )

    def __str__(self) -> str:
        return f"{self.receipt_no}"

    @property
    def is_open(self) -> bool:
        return self.state == DisputeState.OPEN


class DisputeParty(models.Model):
    """One guide concerned: the claimant, or who has credit for the receipt and may answer."""

    public_id = PublicIdField()
    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="parties")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    # Where the receipt was sold, as in the dispute: what a manager's scope reaches.
    store_no = models.BigIntegerField("门店序号")
    is_claimant = models.BooleanField("申诉人", default=False)
    answer = SealedTextField("答复", null=True)
    answered_at = models.DateTimeField("答复时间", null=True)
    # When she looked at the decision.
    seen_at = models.DateTimeField("已读时间", null=True)

    privacy: ClassVar = declare(
        keep=with_owner("dispute"),
        internal="id public_id dispute guide store_no is_claimant answered_at seen_at",
        personal="answer",
    )

    class Meta:
        verbose_name = verbose_name_plural = "申诉当事人"
        constraints = (
            models.UniqueConstraint(fields=["dispute", "guide"], name="one_party_per_guide"),
        )
        indexes = (
            # A guide's disputes.
            models.Index(fields=["guide", "-dispute"], name="disputes_of_guide_newest"),
        )

    def __str__(self) -> str:
        return f"{self.dispute_id}: {self.guide_id}"
