"""Loads the demo brand: every step is an action that does nothing when its rows are there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bot.channels.actions import open_kf_account
from bot.knowledge.actions import approve_article, write_article
from config.demo import (
    channels,
    duties,
    earning,
    holding,
    library,
    liking,
    past,
    places,
    standing,
)
from config.demo.world import KF_ACCOUNT
from groups.content.models import Material, MaterialKind, MaterialState, Variant
from kit.actions import action, scope_of
from kit.actor import Actor
from members.audience.models import Audience
from members.consent.models import Notice, Purpose
from members.consent.noticing import draft_notice, publish_notice
from members.registration.channel_codes import ensure_channel_codes
from members.rewards.models import CouponKind
from stores.catalogue.models import Product
from stores.conversions.actions import judge_next
from stores.conversions.models import CreditRule
from stores.org.access import actor_of
from stores.org.models import Account, Guide, LegalEntity

_SYSTEM = Actor.system("demo")

NOTICE_ITEMS = [
    {
        "purpose": Purpose.DIRECT_MARKETING,
        "title": "导购一对一消息",
        "text": "新品、到货、活动，每月最多 4 条，不想收随时可关。",
    },
    {
        "purpose": Purpose.GROUP_MARKETING,
        "title": "客户群消息",
        "text": "您加入客户群后，群里会有新品和活动消息。",
    },
    {
        "purpose": Purpose.PROFILING,
        "title": "按我的喜好推荐",
        "text": "根据您的购买记录挑选内容；关掉也照样是会员。",
    },
    {
        "purpose": Purpose.LINK_TRACKING,
        "title": "记录我打开的链接",
        "text": "让导购知道您对哪件感兴趣，只看导购发给您的链接。",
    },
    {
        "purpose": Purpose.CHAT_ARCHIVE,
        "title": "会话存档",
        "text": "保存您在客户群里的提问 30 天，好让小助手及时回答。",
    },
    {
        "purpose": Purpose.BIRTHDAY,
        "title": "生日礼遇",
        "text": "只用来在生日那周送礼。",
    },
]
SUMMARY = (
    "我们用您的手机号认出您、为您办理会员和售后。每一项用途都由您单独决定，不同意也一样是会员。"
    "信息保存到您退会后 3 年或您要求删除为止；您可以随时查询、更正、复制、撤回、删除。"
)
BODY = """一、谁在处理：{name}（{address}），联系方式 {contact}。
二、处理什么：手机号、称呼、微信 UnionID、购买记录、您与导购的往来记录。
三、为了什么：会员服务、订单与售后；其余用途见页面上的每一项，由您单独同意。
四、保存多久：到您退会后 3 年，或您要求删除为止；会话存档 30 天。
五、交给谁：企业微信（腾讯）、短信服务商，均只按我们的指示处理；不提供给其他公司，除非您单独同意。
六、您的权利：查询、更正、复制、转移、撤回、删除、要求解释，以及向监管部门投诉。会员卡页面的“隐私”里都能办到。
七、不满十四周岁请由监护人陪同办理。"""
AUDIENCES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("全部会员", {}),
    ("金卡和钻石卡", {"tier": ["gold", "diamond"]}),
    ("国贸店会员", {"store": ["S001"]}),
    ("九十天内买过", {"purchased_within_days": 90}),
    ("老会员很久没来", {"all": [{"not": {"purchased_within_days": 180}}, {"is_friend": True}]}),
)
CREDIT_TERMS = {
    "ladder": [
        {"kind": "owner", "window_days": 30},
        {"kind": "last_touch", "window_days": 30},
        {"kind": "server"},
    ]
}


def load(say: Callable[[str], None]) -> None:
    """Everything, in order; a run that was cut off goes on where it was."""
    places.open_places(by=_SYSTEM)
    places.hire_people(by=_SYSTEM)
    places.fill_shelves(by=_SYSTEM)
    say("区域、门店、导购、商品")
    _publish_notices()
    _make_gifts(by=_SYSTEM)
    _write_rule(by=_SYSTEM)
    duties.do_duties(by=_SYSTEM)
    say("告知、礼券、归属规则、合规记录")
    _live()
    say(f"{past.MEMBERS} 位会员和两年的订单")
    duties.ask_and_look(by=_SYSTEM)
    earning.bring_orders(by=_SYSTEM)
    _judge_everything()
    say("每一单归谁")
    earning.earn(by=_SYSTEM)
    say("提成方案、目标、结算、申诉")
    _give_codes()
    channels.work(by=_SYSTEM)
    say("渠道码、排班、印刷")
    _write_articles()
    _open_customer_service()
    _write_materials(by=_SYSTEM)
    _name_audiences(by=_SYSTEM)
    say("知识条目、素材、人群")
    liking.like(by=_SYSTEM)
    standing.stand(by=_SYSTEM)
    holding.hold(by=_SYSTEM)
    say("标签、线上行为、数据地图")


def _live() -> None:
    """Two years; a play is tried when a month of them is still to come."""
    past.enrol_members(by=_SYSTEM)
    standing.try_play(by=_SYSTEM)
    past.go_on_living(by=_SYSTEM)


def _publish_notices() -> None:
    with scope_of(_SYSTEM):
        entities = list(LegalEntity.objects.all())
        shown = set(Notice.objects.values_list("entity_id", flat=True))
    for entity in entities:
        if entity.pk in shown:
            continue
        notice = draft_notice(
            entity.pk,
            title="个人信息保护告知",
            summary=SUMMARY,
            body=BODY.format(name=entity.name, address=entity.address, contact=entity.contact),
            items=[dict(item) for item in NOTICE_ITEMS],
            by=_SYSTEM,
        )
        publish_notice(notice.pk, by=_SYSTEM)


@action
def _make_gifts(*, by: Actor) -> None:
    for entity in LegalEntity.objects.all():
        CouponKind.objects.get_or_create(
            entity=entity,
            is_welcome_gift=True,
            is_active=True,
            defaults={
                "name": "迎新礼券",
                "terms": "满 300 减 50，30 天内有效",
                "amount": 5000,
                "minimum_spend": 30000,
            },
        )


@action
def _write_rule(*, by: Actor) -> None:
    """In force since before the first purchase; approved as a founder would."""
    if CreditRule.objects.exists():
        return
    begun = timezone.now() - timedelta(days=past.DAYS + 60)
    CreditRule.objects.create(
        name="专属导购优先",
        terms=CREDIT_TERMS,
        effective_from=begun,
        approved_at=begun,
        approved_by=Account.objects.filter(is_superuser=True).order_by("pk").first(),
        proposed_by=str(by),
    )


def _judge_everything() -> None:
    """Credits are derived: a second run judges again and changes nothing."""
    after: int | None = 0
    while after is not None:
        after = judge_next(after, by=_SYSTEM).after


def _give_codes() -> None:
    with scope_of(_SYSTEM):
        guides = list(Guide.objects.working().filter(role="guide").values_list("pk", flat=True))
    for guide in guides:
        ensure_channel_codes(guide, by=_SYSTEM)


def _write_articles() -> None:
    author, approver = Account.objects.filter(is_superuser=True).order_by("pk")[:2]
    for question, phrasings, answer, topic, is_private in library.ARTICLES:
        article = write_article(
            question=question,
            answer=answer,
            phrasings=phrasings,
            topic=topic,
            is_private=is_private,
            author=author,
            by=actor_of(author),
        )
        approve_article(article.pk, approver=approver, by=actor_of(approver))


def _open_customer_service() -> None:
    with scope_of(_SYSTEM):
        guide = Guide.objects.select_related("store").get(wecom_userid="linxiao")
    open_kf_account(KF_ACCOUNT, name="晴川客服", guide=guide, by=_SYSTEM)


@action
def _write_materials(*, by: Actor) -> None:
    """Approved materials, each with a wording for everybody, silver and gold."""
    if Material.objects.exists():
        return
    author, approver = Account.objects.filter(is_superuser=True).order_by("pk")[:2]
    products = {product.sku: product for product in Product.objects.all()}
    now = timezone.now()
    for title, basic, silver, gold, sku in library.MATERIALS:
        material = Material.objects.create(
            title=title,
            kind=MaterialKind.LINK,
            state=MaterialState.APPROVED,
            created_by=author,
            approved_by=approver,
            approved_at=now,
        )
        Variant.objects.bulk_create(
            Variant(
                material=material,
                tier=tier,
                text=text,
                link_title=products[sku].name,
                product=products[sku],
            )
            for tier, text in (("", basic), ("silver", silver), ("gold", gold))
        )


@action
def _name_audiences(*, by: Actor) -> None:
    for name, rule in AUDIENCES:
        Audience.objects.get_or_create(name=name, defaults={"rule": rule})
