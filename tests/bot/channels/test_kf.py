"""微信客服: the bot answers by itself, once, never over a colleague; refusals go to a guide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bot.channels.actions import hand_over_unsent, hear_kf, kf_channel, note_answered
from bot.channels.models import ChannelCursor
from bot.escalations.models import Escalation
from bot.replies.models import Draft
from bot.understanding.models import Decided, HeardMessage
from kit.fields import shown_id
from stores.ledger.models import Touch, TouchKind
from tests.bot.builders import CHEN, KF, TESTER, a_kf_account, a_kf_line, the_knowledge
from tests.cast import Cast
from tests.members.builders import a_contact
from wecom.gateway import KfMessage
from wecom.outbox.models import OutboxRow

pytestmark = pytest.mark.django_db


def hear(*page: KfMessage, after: str = "", cursor: str = "c1", served: bool = False) -> int:
    return hear_kf(
        page, open_kfid=KF, after=after, next_cursor=cursor, served={CHEN: served}, by=TESTER
    )


def test_a_routine_question_is_answered_by_the_bot_itself_once(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    line = a_kf_line(1, "请问今天营业到几点？")
    assert hear(line) == 1
    assert hear(line, line) == 0
    row = OutboxRow.objects.get(kind="kf_message")
    assert row.payload == {
        "open_kfid": KF,
        "external_userid": CHEN,
        "text": "国贸店今天营业时间 10:00–22:00。",
    }
    assert row.once == "kf:kf1"
    assert not Draft.objects.exists()


def test_her_money_is_not_answered_by_the_bot(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    hear(a_kf_line(1, "拉链坏了，我的钱怎么办"))
    assert not OutboxRow.objects.filter(kind="kf_message").exists()
    escalation = Escalation.objects.get()
    assert (escalation.open_kfid, escalation.holder) == (KF, cast.lin)


def test_the_guide_she_belongs_to_is_asked(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.zhou)
    a_contact(cast.lin, external_userid=CHEN, member=cast.chen)
    hear(a_kf_line(1, "我要退款"))
    assert Escalation.objects.get().holder == cast.lin


def test_an_empty_page_still_moves_the_cursor(cast: Cast) -> None:
    hear(cursor="c1")
    hear(after="c1", cursor="c2")
    assert ChannelCursor.objects.get(channel=kf_channel(KF)).position == "c2"


def test_a_slower_look_does_not_set_the_cursor_back(cast: Cast) -> None:
    hear(cursor="c1")
    hear(after="c1", cursor="c2")
    hear(cursor="c1")
    assert ChannelCursor.objects.get(channel=kf_channel(KF)).position == "c2"


def test_the_bot_does_not_talk_over_a_colleague(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    hear(a_kf_line(1, "请问今天营业到几点？"), served=True)
    heard = HeardMessage.objects.get()
    assert (heard.decision, heard.reason) == (Decided.SILENCE, "served")
    assert not OutboxRow.objects.exists()


def test_events_and_servicers_words_are_no_questions(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    assert hear(a_kf_line(1, "几点关门？", origin="servicer")) == 0
    assert hear(a_kf_line(2, "", origin="system")) == 0


def test_an_account_that_only_listens_hands_over(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin, answers=False)
    hear(a_kf_line(1, "请问今天营业到几点？"))
    assert not OutboxRow.objects.filter(kind="kf_message").exists()
    assert Escalation.objects.get().reference is not None


def test_an_old_question_is_not_answered(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    hear(a_kf_line(1, "请问今天营业到几点？", at=timezone.now() - timedelta(hours=3)))
    assert not OutboxRow.objects.exists()


def test_an_answer_that_wecom_refused_goes_to_a_guide_once(cast: Cast) -> None:
    articles = the_knowledge(cast)
    a_kf_account(cast.lin)
    hear(a_kf_line(1, "请问今天营业到几点？"))
    shown = shown_id(HeardMessage.objects.get().public_id)
    assert hand_over_unsent(shown, by=TESTER)
    assert not hand_over_unsent(shown, by=TESTER)
    escalation = Escalation.objects.get()
    assert (escalation.reason, escalation.reference) == ("unsent", articles["hours"])


def test_an_answer_that_went_out_is_a_touch(cast: Cast) -> None:
    the_knowledge(cast)
    a_kf_account(cast.lin)
    a_contact(cast.lin, external_userid=CHEN, member=cast.chen)
    hear(a_kf_line(1, "请问今天营业到几点？"))
    shown = shown_id(HeardMessage.objects.get().public_id)
    assert note_answered(shown, at=timezone.now(), by=TESTER)
    assert not note_answered(shown, at=timezone.now(), by=TESTER)
    touch = Touch.objects.get(kind=TouchKind.BOT_ANSWER)
    assert (touch.member_no, touch.guide_no) == (cast.chen.pk, cast.lin.pk)
