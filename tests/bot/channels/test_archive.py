"""The chat archive: each message heard once and in order, drafts, escalations, words not kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bot.channels.actions import ARCHIVE, forget_heard, hear_archive
from bot.channels.models import ChannelCursor
from bot.escalations.models import Escalation, EscalationState
from bot.replies.models import Draft, DraftState, SentThrough
from bot.understanding.models import Decided, HeardMessage
from groups.chats.models import GroupMember
from members.consent.actions import decide
from members.consent.models import Purpose
from stores.ledger.models import Touch, TouchKind
from stores.org.models import OpeningHours
from tests.bot.builders import CHEN, STRANGER, TESTER, a_group, a_line, say, the_knowledge
from tests.cast import Cast
from tests.members.builders import a_contact, a_notice, grant
from wecom.outbox.models import OutboxRow

pytestmark = pytest.mark.django_db


def test_a_question_in_the_group_becomes_a_draft_with_the_stores_hours(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    heard = say("请问今天营业到几点呀？", group=group)
    assert heard is not None
    draft = Draft.objects.get()
    assert draft.text == "国贸店今天营业时间 10:00–22:00。"
    assert (draft.guide, draft.heard, heard.decision) == (cast.lin, heard, Decided.DRAFT)
    assert [row["name"] for row in draft.facts] == ["门店", "营业时间"]
    # No program speaks in a customer group.
    assert not OutboxRow.objects.exists()


def test_a_question_about_another_store_is_answered_with_that_stores_facts(cast: Cast) -> None:
    the_knowledge(cast)
    OpeningHours.objects.filter(store=cast.wangjing).update(closes_at="20:00")
    say("请问望京店今天营业到几点？", group=a_group(cast.lin))
    assert Draft.objects.get().text == "望京店今天营业时间 10:00–20:00。"


def test_a_broken_zip_and_her_money_is_handed_over_with_a_reference(cast: Cast) -> None:
    articles = the_knowledge(cast)
    say("拉链坏了，我的钱怎么办？", group=a_group(cast.lin))
    escalation = Escalation.objects.get()
    assert escalation.reason == "complaint"
    assert (escalation.guide, escalation.holder) == (cast.lin, cast.lin)
    assert escalation.reference == articles["care"]
    assert not Draft.objects.exists()
    # Her own WeCom is told, without a word of the customer's.
    row = OutboxRow.objects.get()
    assert row.kind == "app_message"
    assert "拉链" not in str(row.payload)


def test_the_deadline_counts_opening_hours(cast: Cast) -> None:
    the_knowledge(cast)
    OpeningHours.objects.filter(store=cast.guomao).update(opens_at="00:00", closes_at="23:59:59")
    say("我要退款", group=a_group(cast.lin))
    escalation = Escalation.objects.get()
    assert escalation.deadline - escalation.opened_at <= timedelta(minutes=11)


def test_a_private_matter_is_led_out_of_the_group(cast: Cast) -> None:
    the_knowledge(cast)
    say("会员等级什么时候重新计算？", group=a_group(cast.lin))
    draft = Draft.objects.get()
    assert draft.leads_out
    assert "重新计算" not in draft.text


def test_stale_hours_hand_over_with_the_article_at_hand(cast: Cast) -> None:
    articles = the_knowledge(cast)
    OpeningHours.objects.all().update(updated_at=timezone.now() - timedelta(days=500))
    say("请问今天营业到几点？", group=a_group(cast.lin))
    escalation = Escalation.objects.get()
    assert (escalation.reason, escalation.reference) == ("stale", articles["hours"])


def test_pages_told_twice_and_out_of_order_lose_and_double_nothing(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    lines = [a_line(seq, f"停车怎么收费{'呀' * seq}？", group=group) for seq in range(1, 5)]
    first, second = lines[:2], lines[2:]
    # The second page comes first: there would be a gap, so it waits.
    assert hear_archive(second, after=2, by=TESTER) == 0
    assert hear_archive(first, after=0, by=TESTER) == 2
    assert hear_archive(first, after=0, by=TESTER) == 0
    assert hear_archive(second, after=2, by=TESTER) == 2
    assert hear_archive(lines, after=0, by=TESTER) == 0
    assert Draft.objects.count() == 4
    assert ChannelCursor.objects.get(channel=ARCHIVE).position == "4"


def test_a_message_with_two_numbers_is_heard_once(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    twice = [a_line(seq, "停车怎么收费？", group=group, msgid="same") for seq in (1, 2)]
    hear_archive(twice, after=0, by=TESTER)
    assert Draft.objects.count() == 1


def test_words_of_one_who_said_no_to_the_archive_are_not_kept(cast: Cast) -> None:
    the_knowledge(cast)
    a_notice(cast.entity)
    contact = a_contact(cast.lin, external_userid=CHEN, member=cast.chen)
    grant(cast.chen, Purpose.CHAT_ARCHIVE)
    group = a_group(cast.lin)
    kept = say("请问今天营业到几点？", group=group)
    assert kept is not None
    assert kept.text == "请问今天营业到几点？"
    decide(cast.chen.pk, {Purpose.CHAT_ARCHIVE: False}, by=TESTER)
    heard = say("停车怎么收费？", group=group)
    assert heard is not None
    assert (heard.text, heard.is_text_withheld, heard.contact) == (None, True, contact)
    assert heard.decision == Decided.DRAFT


def test_private_talk_and_unknown_groups_are_none_of_the_bots(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    alone = replace(a_line(1, "几点关门？", group=group), chat_id="")
    elsewhere = replace(a_line(2, "几点关门？", group=group), chat_id="wrUnknown")
    hear_archive([alone, elsewhere], after=0, by=TESTER)
    assert list(HeardMessage.objects.values_list("decision", "reason")) == [("silence", "no_place")]
    assert not Draft.objects.exists()


def test_what_the_guide_says_settles_her_draft(cast: Cast) -> None:
    the_knowledge(cast)
    a_contact(cast.lin, external_userid=CHEN, member=cast.chen)
    group = a_group(cast.lin)
    say("请问今天营业到几点？", group=group)
    say("停车怎么收费？", group=group)
    say("国贸店今天营业时间 10:00–22:00。", group=group, sender="linxiao")
    say("可以停在商场地下停车场哦，B2 层。", group=group, sender="linxiao")
    hours, parking = Draft.objects.order_by("pk")
    assert (hours.state, hours.sent_through, hours.edited_text) == (
        DraftState.SENT,
        SentThrough.HEARD,
        None,
    )
    assert parking.edited_text == "可以停在商场地下停车场哦，B2 层。"
    touches = Touch.objects.filter(kind=TouchKind.DRAFT_SENT)
    assert {touch.member_no for touch in touches} == {cast.chen.pk}
    assert touches.count() == 2


def test_one_answer_settles_the_same_question_of_several_people(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    say("请问今天营业到几点？", group=group)
    say("今天几点关门呀？", group=group, sender=STRANGER)
    say("停车怎么收费？", group=group)
    say("国贸店今天营业时间 10:00–22:00。", group=group, sender="linxiao")
    assert list(Draft.objects.order_by("pk").values_list("state", flat=True)) == [
        "sent",
        "sent",
        "waiting",
    ]


def test_other_words_of_the_guide_settle_no_draft(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    say("请问今天营业到几点？", group=group)
    say("大家早上好呀", group=group, sender="linxiao")
    assert Draft.objects.get().state == DraftState.WAITING


def test_only_words_to_her_take_her_question_up(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    GroupMember.objects.create(group=group, person_id=CHEN, name="陈静", joined_at=timezone.now())
    say("我要退款", group=group, at=timezone.now() - timedelta(seconds=5))
    say("停车怎么收费？", group=group, sender=STRANGER)
    # An answer to somebody else leaves the clock running.
    say("可以停在商场地下停车场。", group=group, sender="linxiao")
    assert Escalation.objects.get().state == EscalationState.OPEN
    say("@陈静 您好，我私聊您。", group=group, sender="linxiao")
    escalation = Escalation.objects.get()
    assert (escalation.state, escalation.holder) == (EscalationState.TAKEN, cast.lin)


def test_a_private_word_to_her_takes_her_question_up_unread(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    say("我要退款", group=group, at=timezone.now() - timedelta(seconds=5))
    word = replace(
        a_line(2, "您好，我来帮您看。", group=group, sender="linxiao"),
        chat_id="",
        recipients=(CHEN,),
    )
    hear_archive([word], after=1, by=TESTER)
    assert Escalation.objects.get().state == EscalationState.TAKEN
    assert HeardMessage.objects.count() == 1


def test_a_page_of_many_costs_the_queries_of_one_and_what_follows(cast: Cast) -> None:
    the_knowledge(cast)
    group = a_group(cast.lin)
    hear_archive([a_line(1, "好的", group=group)], after=0, by=TESTER)
    with CaptureQueriesContext(connection) as one:
        hear_archive([a_line(2, "哈哈", group=group)], after=1, by=TESTER)
    with CaptureQueriesContext(connection) as many:
        page = [a_line(n, "哈哈", group=group, sender=STRANGER) for n in range(3, 23)]
        hear_archive(page, after=2, by=TESTER)
    # One insert for each message more, nothing else.
    assert len(many) - len(one) == 19


def test_what_was_heard_is_forgotten_after_thirty_days(cast: Cast) -> None:
    the_knowledge(cast)
    say("请问今天营业到几点？", group=a_group(cast.lin))
    HeardMessage.objects.update(heard_at=timezone.now() - timedelta(days=31))
    forget_heard(at=timezone.now(), by=TESTER)
    assert not HeardMessage.objects.exists()
    draft = Draft.objects.get()
    assert draft.heard is None
