"""The two channels against the sandbox as WeCom: what people say there, what comes back."""

from __future__ import annotations

import pytest

from bot.channels.archive import Archive
from bot.channels.inbound import archive_has_news, kf_has_news, move_kf_session
from bot.channels.kf import CustomerService
from bot.channels.tasks import listen_again
from bot.escalations.models import Escalation
from bot.replies.models import Draft, DraftState
from bot.understanding.models import HeardMessage
from kit.events import DomainEvent
from tests.bot.builders import KF, a_group, a_kf_account, the_knowledge
from tests.cast import Cast
from tests.members.builders import run_handlers
from tests.sandbox import CHEN, GROUP, WU, Sandbox
from wecom.gateway import WecomError
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow


def told(kind: str, **payload: str) -> DomainEvent:
    return DomainEvent.objects.create(kind=kind, payload=payload, actor="test")


def carry() -> None:
    for key in OutboxRow.objects.filter(kind="kf_message", state="planned").values_list(
        "pk", flat=True
    ):
        deliver(key)


def test_a_question_in_the_group_reaches_the_guide_as_a_draft(wecom: Sandbox, cast: Cast) -> None:
    the_knowledge(cast)
    a_group(cast.lin, chat_id=GROUP)
    wecom.act("chat", **{"from": CHEN, "chat_id": GROUP, "text": "请问今天营业到几点呀？"})
    wecom.act("chat", **{"from": WU, "chat_id": GROUP, "text": "拉链坏了，我的钱怎么办？"})
    archive_has_news(told("wecom.msgaudit_notify"))
    archive_has_news(told("wecom.msgaudit_notify"))
    draft = Draft.objects.get()
    assert draft.text == "国贸店今天营业时间 10:00–22:00。"
    assert Escalation.objects.get().holder == cast.lin
    # She sends it in her client, and the archive hears it.
    wecom.act("chat", **{"from": "linxiao", "chat_id": GROUP, "text": draft.text})
    Archive().listen()
    draft.refresh_from_db()
    assert draft.state == DraftState.SENT
    said = [line["from"] for line in wecom.get(f"state/group/{GROUP}")["messages"]]
    assert [str(one).lower() for one in said] == [CHEN.lower(), WU.lower(), "linxiao"]


def test_talk_of_guides_without_a_licence_is_not_heard(wecom: Sandbox, cast: Cast) -> None:
    the_knowledge(cast)
    wecom.act("archive_consent", customer=CHEN, agree=False)
    a_group(cast.lin, chat_id=GROUP)
    wecom.act("chat", **{"from": CHEN, "chat_id": GROUP, "text": "请问今天营业到几点呀？"})
    Archive().listen()
    assert not HeardMessage.objects.filter(sender=CHEN).exists()


def test_without_the_archive_nothing_is_heard_and_it_says_so(
    wecom: Sandbox, cast: Cast, settings: object
) -> None:
    settings.WECOM_ARCHIVE_BRIDGE_URL = ""  # type: ignore[attr-defined]
    assert not Archive().is_open()
    with pytest.raises(WecomError, match="WECOM_ARCHIVE_BRIDGE_URL"):
        Archive().listen()


def test_what_was_said_without_a_hint_is_found_by_the_clock(wecom: Sandbox, cast: Cast) -> None:
    the_knowledge(cast)
    a_group(cast.lin, chat_id=GROUP)
    a_kf_account(cast.lin)
    wecom.act("chat", **{"from": CHEN, "chat_id": GROUP, "text": "请问今天营业到几点呀？"})
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="我要退款")
    listen_again()
    listen_again()
    assert Draft.objects.count() == 1
    assert Escalation.objects.count() == 1


def test_customer_service_is_answered_by_the_bot_itself_once(wecom: Sandbox, cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    wecom.act("kf_enter", customer=CHEN, open_kfid=KF)
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="请问今天营业到几点呀？")
    for _ in range(2):
        kf_has_news(told("wecom.kf_msg_or_event", open_kfid=KF, token=""))
        carry()
    assert answers(wecom) == ["国贸店今天营业时间 10:00–22:00。"]


def test_her_money_in_customer_service_becomes_the_guides_conversation(
    wecom: Sandbox, cast: Cast
) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="拉链坏了，我的钱怎么办")
    CustomerService().listen(subject=KF)
    escalation = Escalation.objects.get()
    move_kf_session(told("escalation_opened", escalation=str(escalation.pk)))
    assert answers(wecom) == []
    assert wecom.get(f"state/kf/{KF}/{CHEN}")["service_state"] == 3
    # From now on a colleague serves her: the bot is quiet.
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="请问今天营业到几点呀？")
    CustomerService().listen(subject=KF)
    carry()
    assert answers(wecom) == []


def test_an_answer_that_wecom_refuses_asks_a_guide(wecom: Sandbox, cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    wecom.act("kf_chat", customer=CHEN, open_kfid=KF, text="请问今天营业到几点呀？")
    wecom.fault("kf/send_msg", errcode=95001, times=5)
    CustomerService().listen(subject=KF)
    carry()
    run_handlers()
    assert answers(wecom) == []
    assert Escalation.objects.get().reason == "unsent"


def answers(wecom: Sandbox) -> list[str]:
    lines = wecom.get(f"state/kf/{KF}/{CHEN}")["messages"]
    return [line["content"]["text"]["content"] for line in lines if line["source"] == "kf_api"]
