"""A member who went through every writer of the house, with canaries in all that is personal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bot.channels.models import KfAccount
from bot.knowledge.models import Article
from bot.replies.models import Draft
from bot.understanding.models import HeardMessage
from groups.chats.models import Group, GroupMember
from groups.content.models import Variant
from groups.pushes.models import Delivery, PushTask
from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import blind_index
from members.consent.actions import decide
from members.consent.models import Method
from members.consent.steps import Proof
from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.models import Friendship, IdentityKind, Member, Suggestion
from members.privacy.actions import disclose, open_request, reveal_phone
from members.privacy.models import InactivityWarning, RequestKind
from members.registration.models import CodeRequest, OneTimeCode, Registration
from members.rewards.models import Coupon, CouponKind
from stores.ledger.models import PurchaseLine, ReceiptMember, TouchKind
from stores.ledger.steps import record_touch
from stores.org.access import actor_of_guide
from stores.org.models import HandOver, HandOverReason
from tests.cast import Cast, a_member, an_identity
from tests.groups.builders import a_material, a_push
from tests.members.builders import TESTER, a_channel_code, a_contact, a_notice
from wecom.directory.models import Difference, Sweep
from wecom.directory.models_of_hearing import ArchiveConsent, KeywordHit
from wecom.directory.models_of_reach import (
    AcquisitionCustomer,
    AcquisitionLink,
    CorpMoment,
    MomentPublication,
)
from wecom.inbox.models import InboxMessage, InboxState
from wecom.outbox.models import OutboxRow, OutboxState


@dataclass
class Canaries:
    """What is hers alone: no column may hold any of it once she is erased."""

    number: int
    found: list[str] = field(default_factory=list)

    def one(self, kind: str) -> str:
        text = f"{kind}QZX{self.number:04d}canary"
        self.found.append(text)
        return text

    @property
    def phone(self) -> str:
        return f"+8613977{self.number:06d}"


def a_whole_life(cast: Cast, number: int) -> tuple[Member, Canaries]:
    """One person in every table that knows people."""
    mine = Canaries(number)
    mine.found += [mine.phone, mine.phone.removeprefix("+86")]
    member = a_member(
        mine.one("name"), owner=cast.lin, store=cast.guomao, phone=mine.phone,
        card_no=f"77{number:08d}",
    )  # fmt: skip
    mine.found.append(member.card_no)
    external = mine.one("wm")
    for kind in (IdentityKind.UNIONID, IdentityKind.OPENID, IdentityKind.TILL):
        an_identity(member, kind, mine.one(kind))
    an_identity(member, IdentityKind.EXTERNAL_USERID, external)
    contact = a_contact(
        cast.lin, external_userid=external, name=mine.one("wechatname"), member=member,
        unionid=f"u{number}",
    )  # fmt: skip
    contact.avatar_url = f"https://wx.example/{mine.one('avatar')}"
    contact.save(update_fields=["avatar_url"])
    friendship = Friendship.objects.get(contact=contact)
    friendship.remark = mine.one("remark")
    friendship.save(update_fields=["remark"])
    Suggestion.objects.create(contact=contact, member=member, guide=cast.lin, evidence=["同码"])
    _in_consent(cast, member, mine)
    _in_registration(cast, member, mine)
    _in_rewards(cast, member, mine)
    _in_ledger(cast, member)
    _in_wecom(cast, mine, external)
    _in_events(member, mine, external)
    _in_groups(cast, member, mine, external)
    _in_bot(cast, contact, mine, external)
    _in_privacy(cast, member, mine)
    handed, _ = HandOver.objects.get_or_create(
        guide=cast.zhou, store=cast.guomao, reason=HandOverReason.MOVED
    )
    CustomerTransfer.objects.create(
        hand_over=handed, store=cast.guomao, contact=contact, member=member,
        from_guide=cast.zhou, to_guide=cast.lin, error=mine.one("refusal"),
    )  # fmt: skip
    CustomerChoice.objects.create(
        hand_over=handed, store=cast.guomao, contact=contact, member=member, goes_along=False
    )
    return member, mine


def _in_consent(cast: Cast, member: Member, mine: Canaries) -> None:
    notice = a_notice(cast.entity)
    proof = Proof(ip="203.0.113.9", user_agent=mine.one("agent"), signature=mine.one("signature"))
    decide(
        member.pk, {"profiling": True, "direct_marketing": True}, by=TESTER, notice_id=notice.pk,
        method=Method.LANDING, proof=proof,
    )  # fmt: skip


def _in_registration(cast: Cast, member: Member, mine: Canaries) -> None:
    code = a_channel_code(cast.lin, scene="event", campaign=f"c{mine.number}")
    visit = Registration.objects.create(
        channel_code=code, guide=cast.lin, store=cast.guomao, state="done", member=member,
        ip="203.0.113.9", user_agent=mine.one("browser"), unionid=mine.one("union"),
        openid=mine.one("open"),
    )  # fmt: skip
    OneTimeCode.objects.create(
        registration=visit, phone=mine.phone, code="123456", digest=b"d" * 32,
        expires_at=timezone.now(),
    )  # fmt: skip
    CodeRequest.objects.create(
        phone_digest=blind_index("sms_phone", mine.phone, within="brand"),
        ip_digest=b"i" * 32,
        channel_code=code,
    )


def _in_rewards(cast: Cast, member: Member, mine: Canaries) -> None:
    kind = CouponKind.objects.create(entity=cast.entity, name="券", amount=1000, valid_days=30)
    used, now = mine.one("c")[:12], timezone.now()
    mine.found.append(used)
    for number, used_at in ((f"u{mine.number:09d}", None), (used, now)):
        mine.found.append(number)
        Coupon.objects.create(
            kind=kind, member=member, number=number, once=f"for:{number}", expires_at=now,
            used_at=used_at,
        )  # fmt: skip


def _in_ledger(cast: Cast, member: Member) -> None:
    now = timezone.now()
    PurchaseLine.objects.create(
        source="till", receipt_no=f"R{member.pk}", line=1, sku="QC-1", quantity=1, amount=19900,
        member_no=member.pk, store_no=cast.guomao.pk, latitude=Decimal("31.2"),
        longitude=Decimal("121.4"), sold_at=now,
    )  # fmt: skip
    ReceiptMember.objects.create(
        source="till", receipt_no=f"R{member.pk}", member_no=member.pk, store_no=cast.guomao.pk,
        at=now, actor="test",
    )  # fmt: skip
    touch(member, cast)


@action
def _touch(member_no: int, guide_no: int, store_no: int, *, by: Actor) -> None:
    record_touch(
        TouchKind.SCAN, once=f"life:{member_no}", at=timezone.now(), member_no=member_no,
        guide_no=guide_no, store_no=store_no,
    )  # fmt: skip


def touch(member: Member, cast: Cast) -> None:
    _touch(member.pk, cast.lin.pk, cast.guomao.pk, by=TESTER)


def _in_wecom(cast: Cast, mine: Canaries, external: str) -> None:
    now = timezone.now()
    InboxMessage.objects.create(
        app="main", digest=mine.number.to_bytes(32, "big"), state=InboxState.DONE,
        body=f"<xml><ExternalUserID>{external}</ExternalUserID><N>{mine.one('xml')}</N></xml>",
    )  # fmt: skip
    OutboxRow.objects.create(
        kind="remark", payload={"external_userid": external, "remark": mine.one("payload")},
        once=f"remark:{external}", subject=f"contact:{external}", state=OutboxState.SENT,
        answer={"for": external},
    )  # fmt: skip
    sweep = Sweep.objects.create(kind="contacts", state="done")
    Difference.objects.create(sweep=sweep, subject=external, what="friend_missing", detail=external)
    ArchiveConsent.objects.create(userid="linxiao", external_userid=external, read_at=now)
    KeywordHit.objects.create(
        rule_id="r", msgid=f"m{mine.number}", person=external, to="linxiao", at=now
    )
    link = AcquisitionLink.objects.create(
        link_id=f"l{mine.number}", name="获客", url="https://work.example/l", read_at=now
    )
    AcquisitionCustomer.objects.create(
        link=link, external_userid=external, userid="linxiao", read_at=now
    )
    moment = CorpMoment.objects.create(moment_id=f"mo{mine.number}", made_at=now, read_at=now)
    MomentPublication.objects.create(
        moment=moment, userid="linxiao",
        people={"saw": [external, "wmOther"], "liked": [external], "commented": []},
    )  # fmt: skip


def _in_events(member: Member, mine: Canaries, external: str) -> None:
    _emit(external, mine.one("event"), by=TESTER)


@action
def _emit(external: str, note: str, *, by: Actor) -> None:
    emit(
        "told_of_her", subject=f"contact:{external}", once=f"told:{external}",
        external_userid=external, note=note,
    )  # fmt: skip


def _in_groups(cast: Cast, member: Member, mine: Canaries, external: str) -> None:
    now = timezone.now()
    group = Group.objects.create(
        chat_id=f"wr{mine.number}", name="会员群", owner=cast.lin, store=cast.guomao, read_at=now
    )
    GroupMember.objects.create(
        group=group, person_id=external, member=member, name=mine.one("groupname"), joined_at=now
    )
    material = a_material(cast.hq)
    push = a_push(cast.hq, material)
    variant: Any = Variant.objects.filter(material=material).first()
    task = PushTask.objects.create(
        push=push, guide=cast.lin, variant=variant, members=[member.pk], recipients=[external],
        size=1, state="done", due_at=now, expires_at=now, closed_at=now,
    )  # fmt: skip
    Delivery.objects.create(
        push=push, task=task, member_no=member.pk, recipient=external, state="sent", at=now
    )


def _in_bot(cast: Cast, contact: Any, mine: Canaries, external: str) -> None:
    account = KfAccount.objects.create(
        open_kfid=f"kf{mine.number}", name="客服", store=cast.guomao, guide=cast.lin
    )
    group = Group.objects.get(chat_id=f"wr{mine.number}")
    heard = HeardMessage.objects.create(
        heard_on="kf", msgid=f"h{mine.number}", group=group, contact=contact, sender=external,
        open_kfid=account.open_kfid, store=cast.guomao, guide=cast.lin, text=mine.one("said"),
        decision="draft", said_at=timezone.now(),
    )  # fmt: skip
    article = Article.objects.create(question=f"几点关门 {mine.number}", answer="22:00")
    Draft.objects.create(
        heard=heard, group=group, guide=cast.lin, store=cast.guomao, article=article,
        text=mine.one("answer"), facts={"who": mine.one("fact")}, edited_text=mine.one("edited"),
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


def _in_privacy(cast: Cast, member: Member, mine: Canaries) -> None:
    open_request(
        member.pk, RequestKind.EXPLAIN, mine.one("why"), reply_to=mine.one("mail"), by=TESTER
    )
    reveal_phone(member.pk, reason="delivery", by=actor_of_guide(cast.lin))
    disclose(
        what="own_copy", recipient="本人", purpose="查询", fields=["members.member"], count=1,
        members=[member.pk], by=TESTER,
    )  # fmt: skip
    InactivityWarning.objects.create(member=member, last_seen_at=timezone.now())
