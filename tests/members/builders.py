"""Builders of this floor: a notice, a channel code, a friend; and the worker's part in a test."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from kit import events
from kit.actor import Actor
from kit.events import Handling, HandlingState
from members.consent.actions import decide
from members.consent.models import Notice
from members.consent.noticing import draft_notice, publish_notice
from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.models import Contact, Friendship, IdentityKind, Member
from members.identity.queries import digest_of
from members.registration.models import ChannelCode, Scene
from members.rewards.models import CouponKind
from stores.org.models import Guide, HandOver, LegalEntity
from tests.cast import Cast

TESTER = Actor.system("test")

ITEMS = [
    {"purpose": "direct_marketing", "title": "导购一对一消息", "text": "新品和到货，每月最多 4 条"},
    {"purpose": "profiling", "title": "按我的喜好推荐", "text": "根据购买记录挑选内容，随时可关"},
    {"purpose": "birthday", "title": "生日礼遇", "text": "只用来在生日那周送礼"},
]


def a_notice(entity: LegalEntity, *, items: list[dict[str, str]] | None = None) -> Notice:
    """A published notice, one version after the last."""
    draft = draft_notice(
        entity.pk,
        title="个人信息保护告知",
        summary="为了认出您，我们需要您的手机号。保存到您退会后 3 年。",
        body="全文。您可以查询、更正、复制、删除、撤回。",
        items=ITEMS if items is None else items,
        by=TESTER,
    )
    return publish_notice(draft.pk, by=TESTER)


def a_channel_code(guide: Guide, **fields: Any) -> ChannelCode:
    """An active code of the guide in her store."""
    fields.setdefault("scene", Scene.FITTING_ROOM)
    return ChannelCode.objects.create(guide=guide, store=guide.store, **fields)


def a_welcome_gift(entity: LegalEntity, **fields: Any) -> CouponKind:
    """The gift that a new member finds on her card."""
    fields.setdefault("name", "入会礼 · 满 300 减 30")
    return CouponKind.objects.create(entity=entity, is_welcome_gift=True, amount=3000, **fields)


def a_contact(
    guide: Guide,
    *,
    external_userid: str = "wmChenJing",
    name: str = "静静",
    unionid: str = "",
    member: Member | None = None,
    state: str = "",
) -> Contact:
    """A friend of the guide as WeCom knows her."""
    entity = guide.store.entity
    contact = Contact.objects.create(
        entity=entity,
        external_userid=external_userid,
        name=name,
        guide=guide,
        member=member,
        unionid_digest=digest_of(IdentityKind.UNIONID, unionid, entity) if unionid else None,
    )
    Friendship.objects.create(contact=contact, guide=guide, since=timezone.now(), state=state)
    return contact


def grant(member: Member, *purposes: str) -> None:
    """She agrees to these purposes."""
    decide(member.pk, dict.fromkeys(purposes, True), by=TESTER)


def run_handlers(*, rounds: int = 20) -> int:
    """Do the worker's part: handle everything that waits, until nothing does; how many ran.

    A handler that failed is not tried again within the call, as its next try lies in the future.
    """
    ran = 0
    for _ in range(rounds):
        waiting = Handling.objects.filter(
            state=HandlingState.WAITING, next_try_at__lte=timezone.now()
        )
        done = sum(
            events.handle(key) for key in waiting.order_by("pk").values_list("pk", flat=True)
        )
        if not done:
            break
        ran += done
    return ran


def a_transfer(cast: Cast, contact: Contact) -> CustomerTransfer:
    """Zhou moves to another store: a manager's word gives one of her customers to Lin."""
    handed = HandOver.objects.create(guide=cast.zhou, store=cast.lin.store, reason="moved")
    CustomerChoice.objects.create(
        hand_over=handed, store=cast.lin.store, contact=contact, goes_along=False
    )
    return CustomerTransfer.objects.create(
        hand_over=handed,
        store=cast.lin.store,
        contact=contact,
        member=cast.chen,
        from_guide=cast.zhou,
        to_guide=cast.lin,
    )
