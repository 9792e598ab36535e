"""Channel codes, one registration per visit, one-time codes and the counters that limit them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, keep_always, keep_days, with_owner
from kit.fields import PublicIdField, SealedTextField
from members.consent.models import Notice
from members.identity.models import Member
from members.registration.rules import new_token, new_wecom_state
from stores.org.models import Guide, Store


class Scene(models.TextChoices):
    """Where a code is shown."""

    ENTRANCE = "entrance", "门口"
    FITTING_ROOM = "fitting_room", "试衣间"
    TILL = "till", "收银台"
    PARCEL = "parcel", "包裹卡"
    EVENT = "event", "活动"
    TABLET = "tablet", "iPad 上办理"
    ONLINE = "online", "线上"


class ChannelCode(models.Model):
    """A QR of a guide at a place. The token is random; whose it is only the row says."""

    public_id = PublicIdField()
    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    guide = models.ForeignKey(
        Guide, models.PROTECT, related_name="channel_codes", verbose_name="导购"
    )
    # Where the guide worked when the code was made: a printed code stays where it hangs.
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    scene = models.CharField("场景", max_length=12, choices=Scene.choices)
    campaign = models.CharField("活动", max_length=60, blank=True)
    cost_centre = models.CharField("成本中心", max_length=40, blank=True)
    welcome_text = models.CharField("欢迎语", max_length=600, blank=True)
    # WeCom gives it back with the friend who came by the contact-me code; at most 30 characters.
    wecom_state = models.CharField(
        max_length=30, unique=True, default=new_wecom_state, editable=False
    )
    config_id = models.CharField("联系我 ID", max_length=64, blank=True)
    qr_code_url = models.URLField("联系我二维码", max_length=500, blank=True)
    is_active = models.BooleanField("启用", default=True)
    # Whose code it was when it was printed: it leads to the successor, who has codes of her own.
    handed_from = models.ForeignKey(
        Guide, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="接自"
    )
    # The roster code that led to this guide; nobody prints such a code itself.
    roster = models.ForeignKey(
        "members.RosterCode",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codes",
        verbose_name="值班码",
    )
    created_at = models.DateTimeField("创建时间", default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_always("品牌自己的渠道码，没有客户信息"),
        public="token qr_code_url welcome_text",
        internal="id public_id guide store scene campaign cost_centre wecom_state config_id"
        " is_active handed_from roster created_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "渠道码"
        constraints = (
            models.UniqueConstraint(
                fields=["guide", "store", "scene", "campaign"],
                condition=Q(is_active=True, handed_from=None, roster=None),
                name="one_code_per_guide_scene_and_campaign",
                violation_error_message="这位导购在这个场景和活动下已有启用中的渠道码。",
            ),
            models.UniqueConstraint(
                fields=["roster", "guide", "store"],
                condition=Q(is_active=True, handed_from=None, roster__isnull=False),
                name="one_code_per_guide_behind_a_roster",
            ),
        )

    def __str__(self) -> str:
        return f"{self.guide.name} · {self.get_scene_display()}"


class StartedOn(models.TextChoices):
    PHONE = "phone", "自己的手机"
    TABLET = "tablet", "导购的 iPad"


class RegistrationState(models.TextChoices):
    """How far she has come. A reload goes on where she was."""

    OPENED = "opened", "已打开"
    DECLINED = "declined", "先不了"
    AGREED = "agreed", "已同意"
    PHONE = "phone", "验证手机"
    DONE = "done", "已入会"


class Outcome(models.TextChoices):
    """Who proved her phone."""

    NEW = "new", "新会员"
    KNOWN = "known", "已经是会员"
    BACK = "back", "回来的会员"


class Registration(models.Model):
    """One visit to a channel code's page. Until she agrees it holds nothing about her."""

    public_id = PublicIdField()
    channel_code = models.ForeignKey(
        ChannelCode, models.PROTECT, related_name="registrations", verbose_name="渠道码"
    )
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    state = models.CharField(
        "进度",
        max_length=8,
        choices=RegistrationState.choices,
        default=RegistrationState.OPENED,
    )
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+")
    # {purpose: true} for what she ticked, {purpose: false} for what was offered and left.
    decisions = models.JSONField(default=dict)
    agreed_at = models.DateTimeField("同意时间", null=True)
    ip = SealedTextField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    unionid = SealedTextField(null=True)
    openid = SealedTextField(null=True)
    # Only where the notice says that it is asked for, and only if she fills it in.
    birth_year = models.PositiveSmallIntegerField(null=True)
    # Who she turned out to be once her phone was proven; the page after says it kindly.
    outcome = models.CharField("结果", max_length=6, choices=Outcome.choices, blank=True)
    member = models.ForeignKey(
        Member, models.SET_NULL, null=True, related_name="registrations", verbose_name="会员"
    )
    started_on = models.CharField(
        "从哪里开始", max_length=6, choices=StartedOn.choices, default=StartedOn.PHONE
    )
    opened_at = models.DateTimeField("打开时间", default=timezone.now)
    finished_at = models.DateTimeField("完成时间", null=True)

    privacy: ClassVar = declare(
        keep=(
            with_owner("member"),
            keep_days(
                30,
                "opened_at",
                only={"member": None},
                by="members.tasks.forget_expired_visits",
                words="没有成为会员的",
            ),
        ),
        internal="id public_id channel_code guide store state notice decisions agreed_at opened_at"
        " finished_at started_on outcome",
        personal="user_agent member birth_year",
        personal_high="ip unionid openid",
    )

    class Meta:
        verbose_name = verbose_name_plural = "注册"
        indexes = (
            # Who registered by this code in the last half hour; how many scanned it today?
            models.Index(
                fields=["channel_code", "-opened_at"], name="registrations_of_code_newest"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()} {timezone.localtime(self.opened_at):%Y-%m-%d %H:%M}"


class Proof(models.TextChoices):
    """What a one-time code proves."""

    JOIN = "join", "注册"
    SELF = "self", "本人确认"
    OLD_PHONE = "old", "原手机号"
    NEW_PHONE = "new", "新手机号"


class OneTimeCode(models.Model):
    """A code sent to a phone, bound to one visit, or to a member and what it proves.

    Once it was sent only its digest is left.
    """

    public_id = PublicIdField()
    registration = models.ForeignKey(
        Registration, models.CASCADE, null=True, related_name="one_time_codes"
    )
    member = models.ForeignKey(Member, models.CASCADE, null=True, related_name="one_time_codes")
    proof = models.CharField(max_length=4, choices=Proof.choices, default=Proof.JOIN)
    phone = SealedTextField()
    # In clear only until the gateway took it.
    code = SealedTextField(null=True)
    digest = models.BinaryField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    # Used because it was right, not because a newer one took its place.
    proven_at = models.DateTimeField(null=True)

    privacy: ClassVar = declare(
        keep=keep_days(7, "made_at", by="members.tasks.forget_expired_visits"),
        internal="id public_id registration tries made_at expires_at sent_at used_at"
        " proof proven_at",
        personal="member",
        personal_high="phone code digest",
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(tries__lte=5), name="at_most_five_tries"),
            models.CheckConstraint(
                condition=Q(registration__isnull=False, member=None)
                | Q(registration=None, member__isnull=False),
                name="a_code_is_of_a_visit_or_a_member",
            ),
        )
        indexes = (
            models.Index(fields=["registration", "-made_at"], name="codes_of_registration_newest"),
            # How many of the codes of the last hour proved a phone?
            models.Index(fields=["made_at"], name="codes_by_time"),
        )

    def __str__(self) -> str:
        return f"{timezone.localtime(self.made_at):%Y-%m-%d %H:%M:%S}"

    def is_open(self, at: datetime) -> bool:
        return self.used_at is None and self.expires_at > at


class CodeRequest(models.Model):
    """That a code was asked for: what the limits per phone, address and channel code count."""

    phone_digest = models.BinaryField(max_length=32)
    ip_digest = models.BinaryField(max_length=32)
    # None when a member asked on a page of her own.
    channel_code = models.ForeignKey(ChannelCode, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=keep_days(7, "at", by="members.tasks.forget_expired_visits"),
        internal="id channel_code at",
        personal="phone_digest ip_digest",
    )

    class Meta:
        indexes = (
            models.Index(fields=["phone_digest", "-at"], name="code_requests_of_phone"),
            models.Index(fields=["ip_digest", "-at"], name="code_requests_of_address"),
            models.Index(fields=["channel_code", "-at"], name="code_requests_of_code"),
        )

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M:%S}"
