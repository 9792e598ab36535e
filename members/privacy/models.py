"""What the law wants on record: requests, looks, disclosures, erasures.

Looks and disclosures name people by number, like the ledger, so that they outlive erasure without
holding anybody. What compliance works with (recipients, assessments, incidents) stands in
`models_of_duty`.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_days, keep_years, with_owner
from kit.fields import PublicIdField, SealedTextField
from members.identity.models import Member
from stores.org.models import LegalEntity


class RequestKind(models.TextChoices):
    """What a person may ask of the brand (PIPL 44 to 50)."""

    ACCESS = "access", "查询"
    COPY = "copy", "复制"
    CORRECT = "correct", "更正、补充"
    DELETE = "delete", "删除"
    PORT = "port", "转移到别处"
    EXPLAIN = "explain", "要求解释"
    RESTRICT = "restrict", "限制处理"
    WITHDRAW = "withdraw", "撤回同意"
    CLOSE = "close", "注销会员"
    COMPLAINT = "complaint", "投诉"
    NEXT_OF_KIN = "next_of_kin", "近亲属行使权利"


class RequestState(models.TextChoices):
    OPEN = "open", "待核实身份"
    CHECKED = "checked", "身份已核实"
    DONE = "done", "已办结"
    REFUSED = "refused", "已答复不办理"
    TAKEN_BACK = "taken_back", "本人撤回"


class SubjectRequest(models.Model):
    """One right that somebody exercises, from her words to our answer. Due in fifteen days."""

    public_id = PublicIdField()
    # Empty for people who are no members: a neighbour's number, a dead member's mother.
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="会员"
    )
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    kind = models.CharField("请求", max_length=12, choices=RequestKind.choices)
    state = models.CharField(
        "状态", max_length=10, choices=RequestState.choices, default=RequestState.OPEN
    )
    words = SealedTextField("她的原话", null=True)
    reply_to = SealedTextField("怎么联系", null=True)
    opened_at = models.DateTimeField("提出时间", default=timezone.now)
    opened_by = models.CharField("经谁提出", max_length=120)
    due_at = models.DateTimeField("最迟办结")
    checked_at = models.DateTimeField("核实时间", null=True, blank=True)
    checked_by = models.CharField("谁核实", max_length=120, blank=True)
    # How we know that it is she: "own_page" says that she was signed in herself.
    checked_how = models.CharField("怎么核实", max_length=200, blank=True)
    result = models.CharField("办理结果", max_length=500, blank=True)
    refused_because = models.CharField("不办理的理由", max_length=500, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.CharField("谁办结", max_length=120, blank=True)

    privacy: ClassVar = declare(
        keep=keep_years(3, "closed_at"),
        internal="id public_id entity kind state opened_at opened_by due_at checked_at checked_by"
        " checked_how closed_at closed_by",
        personal="member result refused_because",
        personal_high="words reply_to",
    )

    class Meta:
        verbose_name = verbose_name_plural = "个人信息请求"
        constraints = (
            # Nothing is closed without a result, nothing refused without a written reason.
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(result=""), name="done_with_a_result"
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refused_because=""),
                name="refused_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "checked"], closed_at=None)
                | Q(state__in=["done", "refused", "taken_back"], closed_at__isnull=False),
                name="closed_requests_have_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "refused", "taken_back"])
                | Q(checked_at__isnull=False),
                name="nobody_unknown_is_served",
            ),
            # She may tap twice; one request of a kind is worked on at a time.
            models.UniqueConstraint(
                fields=["member", "kind"],
                condition=Q(state__in=["open", "checked"]) & ~Q(kind="complaint"),
                name="one_open_request_of_a_kind",
            ),
        )
        indexes = (
            # What is open, the most pressing first.
            models.Index(
                fields=["due_at"],
                name="open_requests_by_due",
                condition=Q(state__in=["open", "checked"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.opened_at):%Y-%m-%d}"


class AccessLog(models.Model):
    """Somebody looked at what is masked otherwise. Append-only, partitioned by month."""

    actor = models.CharField("谁", max_length=120)
    actor_name = models.CharField("姓名", max_length=80, blank=True)
    member_no = models.BigIntegerField("会员序号")
    store_no = models.BigIntegerField("门店序号", null=True)
    fields = ArrayField(models.CharField(max_length=60), verbose_name="看了什么")
    reason = models.CharField("理由", max_length=60)
    at = models.DateTimeField("时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(3, "at"),
        internal="id actor store_no fields reason at",
        personal="actor_name member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "查看记录"
        indexes = (
            # Who looked at her, newest first.
            models.Index(fields=["member_no", "-at"], name="looks_at_member_newest"),
            # What somebody looked at today, or while an account was in wrong hands.
            models.Index(fields=["actor", "at"], name="looks_of_actor_in_time"),
        )

    def __str__(self) -> str:
        return f"{self.actor} → {self.member_no}"


class Disclosure(models.Model):
    """Personal data left the house: what, to whom, for what, of how many. Append-only."""

    public_id = PublicIdField()
    # A name of members/privacy/emitters.py.
    what = models.CharField("途径", max_length=60)
    recipient = models.CharField("接收方", max_length=120)
    # Where the recipient is; CN unless said otherwise.
    country = models.CharField("国家或地区", max_length=2, default="CN")
    purpose = models.CharField("目的", max_length=200)
    fields = ArrayField(models.CharField(max_length=60), verbose_name="哪些信息")
    count = models.PositiveIntegerField("人数")
    # Numbers of the members, when it concerns few enough to name.
    members = ArrayField(models.BigIntegerField(), default=list, blank=True)
    actor = models.CharField("操作者", max_length=120)
    at = models.DateTimeField("时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_years(3, "at"),
        internal="id public_id what recipient country purpose fields count actor at",
        personal="members",
    )

    class Meta:
        verbose_name = verbose_name_plural = "对外提供记录"
        indexes = (
            # The register, newest first, and the pack of one period.
            models.Index(fields=["-at"], name="disclosures_newest"),
            # To whom she was given.
            GinIndex(fields=["members"], name="disclosures_of_member"),
        )

    def __str__(self) -> str:
        return f"{self.recipient} {timezone.localtime(self.at):%Y-%m-%d}"


class Erasure(models.Model):
    """That a person was removed: digests alone, so that a restored backup can be cleaned again."""

    public_id = PublicIdField()
    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+")
    # HMAC of her public id: leads from a backup's row to this one, and from here to nobody.
    digest = models.BinaryField(max_length=32)
    member_no = models.BigIntegerField("会员序号")
    why = models.CharField("缘由", max_length=60)
    at = models.DateTimeField("时间", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_years(3, "at"),
        internal="id public_id entity why at actor",
        personal="digest member_no",
    )

    class Meta:
        verbose_name = verbose_name_plural = "删除记录"
        constraints = (models.UniqueConstraint(fields=["digest"], name="a_person_is_erased_once"),)

    def __str__(self) -> str:
        return f"会员序号 {self.member_no}"


class InactivityWarning(models.Model):
    """That a member was told: without a sign of her, her record ends in a month."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="+", primary_key=True)
    last_seen_at = models.DateTimeField("最近一次出现")
    warned_at = models.DateTimeField("提醒时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member"), internal="last_seen_at warned_at", personal="member"
    )

    class Meta:
        verbose_name = verbose_name_plural = "到期前提醒"

    def __str__(self) -> str:
        return f"{self.member_id}"


class ErasureTrail(models.Model):
    """By what logs may still name somebody who was erased; sealed, gone after the next pass."""

    public_id = PublicIdField()
    # A JSON list of identifiers.
    words = SealedTextField()
    made_at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(30, "made_at"), internal="id public_id made_at", personal_high="words"
    )

    def __str__(self) -> str:
        return f"trail {self.pk}"
