"""Builders of this floor: articles, groups, what somebody says there; and the worker's part."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from bot.channels.actions import hear_archive, open_kf_account
from bot.channels.models import KfAccount
from bot.knowledge.actions import approve_article, write_article
from bot.knowledge.models import Article
from bot.understanding.models import HeardMessage
from groups.chats.models import Group
from kit.actor import Actor
from stores.org.models import Account, Guide
from tests.cast import PASSWORD, Cast
from wecom.gateway import ArchivedMessage, KfMessage

TESTER = Actor.system("test")
KF = "wkDemoService000000000000000000001"
CHEN = "wm" + "C" * 30
STRANGER = "wm" + "S" * 30


def a_colleague() -> Account:
    """A second person at HQ."""
    found = Account.objects.filter(username="hq2").first()
    return found or Account.objects.create_user(
        "hq2", PASSWORD, name="总部小吴", is_staff=True, is_superuser=True
    )


def an_article(cast: Cast, question: str, answer: str, **fields: Any) -> Article:
    """An approved article."""
    fields.setdefault("phrasings", [])
    article = write_article(question=question, answer=answer, author=cast.hq, by=TESTER, **fields)
    approve_article(article.pk, approver=a_colleague(), by=TESTER)
    article.refresh_from_db()
    return article


def the_knowledge(cast: Cast) -> dict[str, Article]:
    """What the story needs: opening hours, parking, one private article."""
    return {
        "hours": an_article(
            cast,
            "几点关门？",
            "{store_name}{asked_day}营业时间 {store_hours}。",
            phrasings=["周日营业到几点", "今天营业到几点", "明天几点开门"],
            topic="营业时间",
        ),
        "parking": an_article(
            cast, "可以停车吗？", "可以停在商场地下停车场。", phrasings=["停车怎么收费"]
        ),
        "care": an_article(cast, "拉链坏了怎么修？", "带到店里免费修。", phrasings=["拉链能修吗"]),
        "tier": an_article(
            cast, "会员等级什么时候重新计算？", "每年生日当月重新计算。", is_private=True
        ),
    }


def a_group(owner: Guide, name: str = "暖冬会员群", **fields: Any) -> Group:
    """An active group of a guide."""
    fields.setdefault("chat_id", f"wr{Group.objects.count() + 1:030d}")
    return Group.objects.create(
        name=name, owner=owner, store=owner.store, read_at=timezone.now(), **fields
    )


def a_line(
    seq: int,
    text: str,
    *,
    group: Group,
    sender: str = CHEN,
    at: datetime | None = None,
    **more: Any,
) -> ArchivedMessage:
    """One archived message in a group."""
    more.setdefault("kind", "text")
    more.setdefault("action", "send")
    return ArchivedMessage(
        seq=seq,
        msgid=more.pop("msgid", f"m{seq}_external"),
        sender=sender,
        recipients=(),
        chat_id=group.chat_id,
        text=text,
        at=at or timezone.now(),
        **more,
    )


def say(text: str, *, group: Group, sender: str = CHEN, **more: Any) -> HeardMessage | None:
    """Somebody says it in the group and the archive hears it."""
    seq = HeardMessage.objects.count() + 1
    line = a_line(seq, text, group=group, sender=sender, **more)
    hear_archive([line], after=seq - 1, by=TESTER)
    return HeardMessage.objects.filter(msgid=line.msgid).first()


def a_kf_account(guide: Guide, **fields: Any) -> KfAccount:
    """The customer service account of a guide's store."""
    account = open_kf_account(KF, name="晴川客服", guide=guide, by=TESTER)
    KfAccount.objects.filter(pk=account.pk).update(**fields)
    return account


def a_kf_line(number: int, text: str, *, sender: str = CHEN, **more: Any) -> KfMessage:
    """One message to customer service."""
    return KfMessage(
        msgid=f"kf{number}",
        open_kfid=KF,
        external_userid=sender,
        servicer_userid="",
        origin=more.pop("origin", "customer"),
        kind="text",
        text=text,
        event="",
        at=more.pop("at", timezone.now()),
        raw={},
    )
