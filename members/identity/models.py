"""One person, one record, and everything that leads to her.

A member belongs to the legal entity that she registered with; phone and name are sealed,
identifiers are found by blind index. `owner` and `home_store` mirror the ledger's current
ownership, since row-level security and every list read them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from kit.classified import declare, empty_after, keep_days, with_owner
from kit.fields import PublicIdField, SealedTextField
from stores.org.models import Guide, LegalEntity, Store


class MemberState(models.TextChoices):
    PENDING = "pending", "待验证"
    ACTIVE = "active", "会员"
    LEFT = "left", "已退会"
    ERASED = "erased", "已删除"
    MERGED = "merged", "已合并"


class Tier(models.TextChoices):
    """Membership level, earned; order of growing rank."""

    BASIC = "basic", "普卡"
    SILVER = "silver", "银卡"
    GOLD = "gold", "金卡"
    DIAMOND = "diamond", "钻石卡"


class Member(models.Model):
    """A customer who joined. Her number (`id`) stands in the ledger without a foreign key."""

    public_id = PublicIdField()
    entity = models.ForeignKey(
        LegalEntity, models.PROTECT, related_name="+", verbose_name="法人主体"
    )
    state = models.CharField("状态", max_length=8, choices=MemberState.choices)
    name = SealedTextField("姓名", null=True)
    phone = SealedTextField("手机号", null=True)
    tier = models.CharField("等级", max_length=8, choices=Tier.choices, default=Tier.BASIC)
    home_store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="门店")
    owner = models.ForeignKey(
        Guide, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="专属导购"
    )
    # Only if she gave it; the day and month are asked for nowhere and kept nowhere.
    birth_year = models.PositiveSmallIntegerField("出生年份", null=True, blank=True)
    # What a till's scanner reads from her card; carries no personal data.
    card_no = models.CharField("会员卡号", max_length=16, unique=True)
    joined_at = models.DateTimeField("入会时间", default=timezone.now)
    left_at = models.DateTimeField("退会时间", null=True, blank=True)
    # She asked that we only keep her record: nothing else is done with it (PIPL 44).
    restricted_at = models.DateTimeField("限制处理自", null=True, blank=True)
    # Who she turned out to be: old links and cards lead there.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="并入"
    )
    # Whether she agreed that other companies' shops know her: the database copies it from her
    # permissions, since its own policy asks at every read (PIPL 23).
    is_shared = models.BooleanField(
        "与合作门店共享", default=False, db_default=False, editable=False
    )
    version = models.PositiveIntegerField(default=0)

    privacy: ClassVar = declare(
        keep=(
            empty_after(
                1095,
                "left_at",
                "name phone",
                by="members.tasks.end_memberships",
                words="退会后；24 个月没有出现的会员，提前一个月提醒后同样处理",
            ),
        ),
        internal="id public_id entity state tier home_store owner joined_at left_at merged_into"
        " restricted_at is_shared version",
        personal="name card_no birth_year",
        personal_high="phone",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员"
        constraints = (
            models.CheckConstraint(
                condition=Q(merged_into=None) & ~Q(state="merged")
                | Q(merged_into__isnull=False, state__in=["merged", "erased"]),
                name="who_was_merged_says_into_whom",
            ),
        )
        indexes = (
            # A guide's members, newest first; the key breaks ties when paging.
            models.Index(fields=["owner", "-joined_at", "-id"], name="members_of_guide_newest"),
            # A store's members, newest first.
            models.Index(
                fields=["home_store", "-joined_at", "-id"], name="members_of_store_newest"
            ),
            # Whose three years are over; what is kept of her by the same clock.
            models.Index(
                fields=["left_at"],
                name="members_by_leaving",
                condition=Q(left_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.card_no


class IdentityKind(models.TextChoices):
    PHONE = "phone", "手机号"
    UNIONID = "unionid", "UnionID"
    OPENID = "openid", "OpenID"
    EXTERNAL_USERID = "external_userid", "企微客户"
    TILL = "till", "收银会员号"
    # "tmall:name", bound by herself alone.
    MARKETPLACE = "marketplace", "平台账号"


class Identity(models.Model):
    """One identifier of a person. Unique within a legal entity: it leads to one member."""

    public_id = PublicIdField()
    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=16, choices=IdentityKind.choices)
    value = SealedTextField()
    digest = models.BinaryField(max_length=32)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=with_owner("member"),
        internal="id public_id entity member kind verified_at created_at",
        personal_high="value digest",
    )

    class Meta:
        verbose_name = verbose_name_plural = "账号标识"
        constraints = (
            models.UniqueConstraint(
                fields=["entity", "kind", "digest"], name="one_member_per_identity"
            ),
        )

    def __str__(self) -> str:
        return str(self.kind)


class Contact(models.Model):
    """A person as WeCom knows her, as far as one legal entity's guides know her.

    May be known before she is a member. Friends with guides of two entities, she is two contacts:
    neither entity learns through her what the other knows.
    """

    public_id = PublicIdField()
    entity = models.ForeignKey(LegalEntity, models.PROTECT, related_name="+")
    external_userid = models.CharField("企微客户 ID", max_length=64)
    name = SealedTextField(null=True)
    unionid_digest = models.BinaryField(max_length=32, null=True)
    avatar_url = models.URLField(max_length=500, blank=True)
    # The member she was joined to, by evidence or by a guide's confirmation.
    member = models.ForeignKey(
        Member, models.SET_NULL, null=True, blank=True, related_name="contacts"
    )
    joined_by = models.CharField(max_length=20, blank=True)
    # The last guide of the entity that she became a friend of.
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+", verbose_name="导购")
    read_at = models.DateTimeField(default=timezone.now)

    privacy: ClassVar = declare(
        keep=(
            with_owner("member"),
            keep_days(
                180,
                "read_at",
                only={"friendships": None, "member": None},
                words="最后一段好友关系结束满 180 天后",
            ),
        ),
        internal="id public_id entity member joined_by guide read_at",
        personal="external_userid name avatar_url",
        personal_high="unionid_digest",
    )

    class Meta:
        verbose_name = verbose_name_plural = "企微客户"
        constraints = (
            models.UniqueConstraint(
                fields=["entity", "external_userid"], name="one_contact_per_entity"
            ),
        )
        indexes = (
            # Which contact has this unionid?
            models.Index(fields=["unionid_digest"], name="contacts_by_unionid"),
            # Whose contact is this external_userid? Callbacks and groups know nothing else.
            models.Index(fields=["external_userid"], name="contacts_by_external_userid"),
        )

    def __str__(self) -> str:
        return f"企微客户 {self.pk}"


class Friendship(models.Model):
    """That a contact and a guide are friends in WeCom; `state` is the channel code's."""

    public_id = PublicIdField()
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="friendships")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="friendships")
    state = models.CharField("渠道标记", max_length=64, blank=True)
    add_way = models.PositiveSmallIntegerField("添加方式", default=0)
    since = models.DateTimeField("自")
    # Who ended it: "customer", "guide", "transfer".
    ended_by = models.CharField("由谁结束", max_length=10, blank=True)
    until = models.DateTimeField("至", null=True, blank=True)
    # What the guide calls her in WeCom.
    remark = SealedTextField("备注", null=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "until"),
        internal="id public_id guide state add_way since ended_by until",
        personal="contact remark",
    )

    class Meta:
        verbose_name = verbose_name_plural = "好友关系"
        indexes = (
            # A guide's friends now, newest first.
            models.Index(
                fields=["guide", "-since"], name="friends_of_guide_newest", condition=Q(until=None)
            ),
            # What has ended, oldest first.
            models.Index(
                fields=["until"], name="friendships_by_end", condition=Q(until__isnull=False)
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["contact", "guide"],
                condition=Q(until=None),
                name="one_friendship_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.contact_id} ~ {self.guide_id}"


class Suggestion(models.Model):
    """That a contact may be a member: the guide asks her and confirms or refuses."""

    public_id = PublicIdField()
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="suggestions")
    member = models.ForeignKey(Member, models.CASCADE, related_name="suggestions")
    guide = models.ForeignKey(Guide, models.PROTECT, related_name="+")
    # What speaks for it, in words a guide understands: ["同一渠道码", "相隔 40 秒"]
    evidence = models.JSONField("证据", default=list)
    made_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    is_same = models.BooleanField("是同一位", null=True)

    privacy: ClassVar = declare(
        keep=keep_days(180, "made_at"),
        internal="id public_id guide made_at decided_at is_same evidence",
        personal="contact member",
    )

    class Meta:
        verbose_name = verbose_name_plural = "身份建议"
        constraints = (
            models.UniqueConstraint(fields=["contact", "member"], name="one_suggestion_per_pair"),
        )
        indexes = (
            # What a guide has to ask about, oldest first.
            models.Index(
                fields=["guide", "made_at"],
                name="open_suggestions_of_guide",
                condition=Q(decided_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.contact_id} ? {self.member_id}"


class MergeReason(models.TextChoices):
    """Why two members were taken for one: `rules.judge` knows which evidence is enough."""

    PHONE = "phone", "验证过的手机号"
    UNIONID = "unionid", "同一个微信（UnionID）"
    EXTERNAL_USERID = "external", "同一位企微客户，手机号已验证"
    CARD = "card", "收银台出示了会员卡"
    CONFIRMED = "confirmed", "有人确认过"


class Merge(models.Model):
    """That two members are one person: `gone` leads to `kept` from then on.

    `moved` says by keys what each room moved, so that exactly this can be taken back; `left_over`
    is what could not be, for a person to look at. Undone by a date, never by deleting.
    """

    public_id = PublicIdField()
    kept = models.ForeignKey(
        Member, models.PROTECT, related_name="merges", verbose_name="保留的会员"
    )
    gone = models.ForeignKey(
        Member, models.PROTECT, related_name="merged", verbose_name="并入的会员"
    )
    reason = models.CharField("依据", max_length=10, choices=MergeReason.choices)
    evidence = models.JSONField("证据", default=list)
    moved = models.JSONField("移动了什么", default=dict)
    at = models.DateTimeField("合并时间", default=timezone.now)
    actor = models.CharField("操作者", max_length=120)
    undone_at = models.DateTimeField("拆开时间", null=True, blank=True)
    undone_by = models.CharField("拆开的人", max_length=120, blank=True)
    left_over = models.JSONField("请人看看", default=list)

    privacy: ClassVar = declare(
        keep=with_owner("kept", words="合并记录随会员保存"),
        internal="id public_id kept gone reason evidence moved at actor undone_at undone_by"
        " left_over",
    )

    class Meta:
        verbose_name = verbose_name_plural = "会员合并"
        constraints = (
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="merged_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(kept=models.F("gone")), name="nobody_is_merged_into_herself"
            ),
        )
        indexes = (
            # Merges that stand, newest first: only the newest may be undone.
            models.Index(
                fields=["kept", "-at"],
                name="standing_merges_of_member",
                condition=Q(undone_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.gone_id} → {self.kept_id}"


class MergeSuggestion(models.Model):
    """That two members may be one person: somebody who sees both decides, and may think again."""

    public_id = PublicIdField()
    first = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name="较早的会员")
    second = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name="较晚的会员")
    # Codes of `rules.EVIDENCE`, never values of hers.
    evidence = models.JSONField("证据", default=list)
    made_at = models.DateTimeField("提出时间", default=timezone.now)
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    decided_by = models.CharField("确认人", max_length=120, blank=True)
    is_same = models.BooleanField("是同一位", null=True)
    merge = models.ForeignKey(
        Merge, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="合并"
    )

    privacy: ClassVar = declare(
        keep=with_owner("first", words="拒绝过的一对不再提出，所以随会员保存"),
        # Internal: her copy must not name somebody who may be another person.
        internal="id public_id first second evidence made_at decided_at decided_by is_same merge",
    )

    class Meta:
        verbose_name = verbose_name_plural = "合并建议"
        constraints = (
            models.UniqueConstraint(fields=["first", "second"], name="one_suggestion_per_two"),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("second")), name="the_older_number_stands_first"
            ),
        )
        indexes = (
            # What waits for a person, oldest first.
            models.Index(
                fields=["made_at"], name="open_merge_suggestions", condition=Q(decided_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_id} ? {self.second_id}"
