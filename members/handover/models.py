"""Which customer passes from whom to whom, and what WeCom made of it. Not: who decided it."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_years, with_owner
from kit.fields import PublicIdField
from members.identity.models import Contact, Member
from stores.org.models import Guide, HandOver, Store


class TransferState(models.TextChoices):
    """From the plan to its known end. `asked`: in the outbox, WeCom has not answered yet."""

    PLANNED = "planned", "待转接"
    ASKED = "asked", "已提交"
    WAITING = "waiting", "等待生效"
    DONE = "done", "已转接"
    REFUSED = "refused", "客户拒绝"
    FULL = "full", "接手人客户已满"
    FAILED = "failed", "没有成功"
    KEPT = "kept", "不转接"


UNDER_WAY = (TransferState.PLANNED, TransferState.ASKED, TransferState.WAITING)
# WeCom, or she herself, said no: a person says what becomes of her.
TURNED_DOWN = (TransferState.REFUSED, TransferState.FULL, TransferState.FAILED)


class Settled(models.TextChoices):
    """What a person said about somebody whose transfer was turned down."""

    NOT_YET = "", "—"
    ANOTHER = "another", "另选了接手人"
    OWNER_ONLY = "owner_only", "只换了专属导购"
    KEPT = "kept", "留给原导购"


class Because(models.TextChoices):
    """Why somebody is kept from the beginning, or nothing is asked of WeCom for her."""

    NONE = "", "—"
    ALONG = "along", "随她去新门店"
    LIMIT = "limit", "90 天内已转接过 2 次"
    UNDER_WAY = "under_way", "正在另一次转接中"
    STOPPED = "stopped", "交接停止时还没提交"
    GONE = "gone", "她离职超过一年，企业微信不再转接"
    STRANGER = "stranger", "没加企业微信，直接换专属导购"


# Kept, though nobody wanted it so.
NOT_POSSIBLE = (Because.LIMIT, Because.UNDER_WAY)


class TransferQuerySet(models.QuerySet["CustomerTransfer"]):
    def under_way(self) -> Self:
        """Those whose end is not known."""
        return self.filter(state__in=UNDER_WAY)

    def undecided(self) -> Self:
        """Those for whom WeCom does nothing, and a person has not said what then."""
        return self.filter(
            Q(state__in=TURNED_DOWN) | Q(state=TransferState.KEPT, because__in=NOT_POSSIBLE),
            settled="",
        )


class CustomerTransfer(models.Model):
    """One customer from one guide to another. Without a contact she is no friend in WeCom: her
    owner changes, nothing is asked there. Another successor is another row.
    """

    public_id = PublicIdField()
    hand_over = models.ForeignKey(
        HandOver, models.CASCADE, related_name="transfers", verbose_name="交接"
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    contact = models.ForeignKey(
        Contact, models.CASCADE, null=True, related_name="+", verbose_name="企微客户"
    )
    member = models.ForeignKey(
        Member, models.SET_NULL, null=True, related_name="+", verbose_name="会员"
    )
    from_guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="原导购")
    to_guide = models.ForeignKey(
        Guide, models.PROTECT, null=True, related_name="+", verbose_name="接手的人"
    )
    state = models.CharField(
        "状态", max_length=7, choices=TransferState.choices, default=TransferState.PLANNED
    )
    because = models.CharField("原因", max_length=9, choices=Because.choices, blank=True)
    settled = models.CharField("后来", max_length=10, choices=Settled.choices, blank=True)
    # The outbox row that asked WeCom for her among up to a hundred.
    batch = models.CharField(max_length=160, blank=True)
    code = models.IntegerField("企微错误码", null=True, blank=True)
    error = models.CharField("企微的答复", max_length=300, blank=True)
    made_at = models.DateTimeField("建立时间", default=timezone.now)
    asked_at = models.DateTimeField("提交时间", null=True, blank=True)
    takes_effect_at = models.DateTimeField("预计生效", null=True, blank=True)
    next_look_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    privacy: ClassVar = declare(
        keep=keep_years(3, "ended_at", words="本人删除资料后不再指向她"),
        internal="id public_id hand_over store from_guide to_guide state because settled batch code"
        " error made_at asked_at takes_effect_at next_look_at ended_at",
        personal="contact member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "客户转接"
        constraints = (
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(state__in=["planned", "asked", "waiting"]),
                name="one_transfer_of_a_contact_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["hand_over", "contact"],
                condition=~Q(settled="another"),
                name="one_standing_transfer_per_contact",
            ),
            models.UniqueConstraint(
                fields=["hand_over", "member"],
                condition=Q(contact=None) & ~Q(settled="another"),
                name="one_standing_transfer_per_stranger",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["planned", "asked", "waiting", "done"])
                | Q(to_guide__isnull=False),
                name="who_passes_on_has_a_successor",
            ),
        )
        indexes = (
            # A hand-over's rows by state: its progress, and the list behind each bar.
            models.Index(fields=["hand_over", "state"], name="transfers_of_hand_over"),
            # Which pairs WeCom is to be asked about now?
            models.Index(
                fields=["next_look_at"],
                name="transfers_to_look_at",
                condition=Q(state__in=["asked", "waiting"]),
            ),
            # The rows of one answer of WeCom's.
            models.Index(fields=["batch"], name="transfers_of_batch", condition=Q(state="asked")),
            # How often did she pass on within ninety days?
            models.Index(
                fields=["contact", "ended_at"],
                name="transfers_done_of_contact",
                condition=Q(state="done"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.from_guide_id} → {self.to_guide_id}: {self.state}"

    @property
    def is_undecided(self) -> bool:
        """WeCom does nothing for her, and a person has not said what then."""
        is_stuck = self.state == TransferState.KEPT and self.because in NOT_POSSIBLE
        return self.settled == "" and (is_stuck or self.state in TURNED_DOWN)


class CustomerChoice(models.Model):
    """A person's word about one customer of a guide who moves, against the rule for all."""

    hand_over = models.ForeignKey(HandOver, models.CASCADE, related_name="choices")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    member = models.ForeignKey(Member, models.CASCADE, null=True, related_name="+")
    goes_along = models.BooleanField("随她走")

    privacy: ClassVar = declare(
        keep=with_owner("hand_over"),
        internal="id hand_over store goes_along",
        personal="contact member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "客户去留"
        constraints = (
            models.UniqueConstraint(fields=["hand_over", "contact"], name="one_choice_per_contact"),
            models.UniqueConstraint(
                fields=["hand_over", "member"],
                condition=Q(contact=None),
                name="one_choice_per_stranger",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=False) | Q(member__isnull=False),
                name="a_choice_is_about_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.hand_over_id}: {'along' if self.goes_along else 'stays'}"
