"""What she was shown, what she decided, and what holds now. The log is append-only."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from kit.classified import declare, keep_always, keep_years, with_owner
from kit.fields import PublicIdField, SealedTextField
from members.identity.models import Member
from stores.org.models import Guide, LegalEntity, Store


class Purpose(models.TextChoices):
    """What her data may be used for; each is agreed to by itself."""

    MEMBERSHIP = "membership", "会员服务"
    ORDER_SERVICE = "order_service", "订单与售后"
    DIRECT_MARKETING = "direct_marketing", "导购一对一消息"
    GROUP_MARKETING = "group_marketing", "客户群消息"
    PROFILING = "profiling", "按我的喜好推荐"
    CHAT_ARCHIVE = "chat_archive", "会话存档"
    LINK_TRACKING = "link_tracking", "记录我打开的链接"
    SHARE_ENTITY = "share_entity", "与合作门店共享"
    BIRTHDAY = "birthday", "生日礼遇"


class Channel(models.TextChoices):
    """Over which way something reaches her; empty means every way."""

    ANY = "", "不限"
    WECOM = "wecom", "企业微信一对一"
    GROUP = "group", "客户群"
    SMS = "sms", "短信"
    MOMENTS = "moments", "朋友圈"


class Decision(models.TextChoices):
    GRANT = "grant", "同意"
    REFUSE = "refuse", "不同意"
    WITHDRAW = "withdraw", "撤回"
    EXPIRE = "expire", "到期"


class Method(models.TextChoices):
    """Where and how she decided."""

    LANDING = "landing", "扫码注册"
    OWN_PAGE = "own_page", "会员自助"
    GROUP_WELCOME = "group_welcome", "入群告知"
    HQ = "hq", "总部代办"
    IMPORT = "import", "导入"
    MERGE = "merge", "合并会员"
    SMS_REPLY = "sms_reply", "短信回复"
    GUIDE = "guide", "导购在场记下"


class Notice(models.Model):
    """A published privacy text: version, wording, digest. Never changed once published."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="notices", verbose_name="主体"
    )
    version = models.PositiveIntegerField("版本")
    title = models.CharField("标题", max_length=80)
    summary = models.TextField("简明告知")
    body = models.TextField("全文")
    # Each purpose offered on the page, in order: [{"purpose", "title", "text"}]
    items = models.JSONField("授权项", default=list)
    # Who processes, what is collected, who receives it, as they stood when it was published.
    blocks = models.JSONField("必备内容", default=dict, editable=False)
    # Purposes that the version before did not have; with one of them members are told again.
    adds = models.JSONField("新增的用途", default=list, editable=False)
    renotice = models.BooleanField("需要再次告知会员", default=False)
    asks_birth_year = models.BooleanField("注册时询问出生年份（可以不填）", default=False)
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    privacy: ClassVar = declare(
        keep=keep_always("公开的告知，是授权的依据"),
        public="id public_id entity version title summary body items blocks adds renotice"
        " asks_birth_year sha256 published_at",
    )

    class Meta:
        verbose_name = verbose_name_plural = "个人信息保护告知"
        constraints = (
            models.UniqueConstraint(fields=["entity", "version"], name="one_notice_per_version"),
        )

    def __str__(self) -> str:
        return f"{self.title} 第 {self.version} 版"


class ConsentEvent(models.Model):
    """One decision of one person about one purpose, as it was made. Append-only."""

    public_id = PublicIdField()
    member = models.ForeignKey(Member, models.PROTECT, related_name="consent_events")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    decision = models.CharField(max_length=8, choices=Decision.choices)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+")
    method = models.CharField("方式", max_length=20, choices=Method.choices)
    guide = models.ForeignKey(Guide, models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="+")
    # What she held in her hand: the public id of a channel code, of a group …
    source = models.CharField("来源", max_length=80, blank=True)
    at = models.DateTimeField("时间", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)

    privacy: ClassVar = declare(
        keep=keep_years(3, "member__left_at"),
        internal="id public_id purpose channel decision notice method guide store source at actor",
        personal="member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "授权记录"
        indexes = (
            # Her decisions, newest first.
            models.Index(fields=["member", "-at"], name="decisions_of_member_newest"),
        )

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}：{self.get_decision_display()}"


class ConsentProof(models.Model):
    """Where a decision came from, in a table of its own that erasure may empty."""

    public_id = PublicIdField()
    event = models.ForeignKey(ConsentEvent, models.CASCADE, related_name="proofs")
    ip = SealedTextField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    signature = SealedTextField(null=True)
    # What showed that it was she: "one_time_code:<id>". The code itself is gone after a week.
    proven_by = models.CharField("验证依据", max_length=80, blank=True)

    privacy: ClassVar = declare(
        keep=with_owner("event"),
        internal="id public_id event proven_by",
        personal="user_agent",
        personal_high="ip signature",
    )

    def __str__(self) -> str:
        return f"第 {self.event_id} 条的凭证"


class NoticeSeen(models.Model):
    """That a member was shown a newer notice on her phone: she is not shown it again."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member"), internal="id notice at", personal="member"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member", "notice"], name="one_look_per_notice"),
        )

    def __str__(self) -> str:
        return f"{self.member_id} saw {self.notice_id}"


class ConsentState(models.Model):
    """What holds now for a purpose and a channel: the projection of the log."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    is_granted = models.BooleanField()
    since = models.DateTimeField()
    event = models.ForeignKey(ConsentEvent, models.PROTECT, related_name="+")

    privacy: ClassVar = declare(
        keep=with_owner("member"),
        internal="id purpose channel is_granted since event",
        personal="member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "当前授权"
        constraints = (
            models.UniqueConstraint(
                fields=["member", "purpose", "channel"], name="one_state_per_purpose_and_channel"
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose}: {self.is_granted}"
