"""The iPad's pages, the side bar and Today: what a guide sees, and what a colleague does not."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bot.escalations.models import Escalation, EscalationState
from bot.escalations.today import cards as escalation_cards
from bot.replies.models import Draft, DraftState
from bot.replies.today import cards as draft_cards
from groups.chats.models import Group, GroupMember
from kit.actions import scope_of
from kit.fields import shown_id
from stores.org.access import actor_of_guide
from stores.org.models import Guide
from tests.bot.builders import CHEN, a_group, say, the_knowledge
from tests.cast import Cast
from tests.sandbox import Sandbox


@pytest.fixture
def group(cast: Cast) -> Group:
    """Lin's group, in which Chen asked for the hours and for her money."""
    the_knowledge(cast)
    group = a_group(cast.lin)
    GroupMember.objects.create(group=group, person_id=CHEN, name="陈静", joined_at=timezone.now())
    say("请问今天营业到几点？", group=group)
    say("拉链坏了，我的钱怎么办？", group=group)
    return group


def signed_in(guide: Guide) -> Client:
    client = Client()
    client.force_login(guide.account)
    return client


def body(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def draft_address() -> str:
    return reverse("tablet-draft", args=[shown_id(Draft.objects.get().public_id)])


def escalation_address(*more: str) -> str:
    shown = shown_id(Escalation.objects.get().public_id)
    return reverse("-".join(["tablet-escalation", *more]), args=[shown])


def test_today_says_what_cannot_wait_and_what_is_written(cast: Cast, group: Group) -> None:
    actor, at = actor_of_guide(cast.lin), timezone.now()
    with scope_of(actor):
        [trouble] = escalation_cards(actor, cast.lin, at)
        [written] = draft_cards(actor, cast.lin, at)
    assert (trouble.urgency, trouble.title) == ("now", "陈静在问：质量问题或不满")
    assert trouble.due_at == Escalation.objects.get().deadline
    assert "拉链坏了" in trouble.why
    assert (written.urgency, written.count) == ("today", 1)
    other = actor_of_guide(cast.zhou)
    with scope_of(other):
        assert escalation_cards(other, cast.zhou, at) == []
        assert draft_cards(other, cast.zhou, at) == []


def test_the_draft_shows_question_answer_facts_and_source(cast: Cast, group: Group) -> None:
    page = body(signed_in(cast.lin), draft_address())
    for words in ("陈静", "请问今天营业到几点？", "10:00–22:00", "来源：会话存档", "几点关门？"):
        assert words in page
    assert "没有程序能替你在客户群里说话" in page


def test_a_colleague_of_the_same_store_opens_nothing_of_lins(cast: Cast, group: Group) -> None:
    zhou = signed_in(cast.zhou)
    draft = shown_id(Draft.objects.get().public_id)
    for address in (draft_address(), escalation_address()):
        assert zhou.get(address).status_code == 404
    for name in (
        "tablet-draft-copied",
        "tablet-draft-dismiss",
        "tablet-draft-take-back",
        "sidebar-draft-sent",
        "sidebar-draft-dismiss",
    ):
        assert zhou.post(reverse(name, args=[draft])).status_code == 404
    for more in ("take", "answered", "manager"):
        assert zhou.post(escalation_address(more)).status_code == 404
    assert "请问今天营业到几点" not in body(zhou, reverse("tablet-drafts"))
    assert "请问今天营业到几点" not in body(zhou, f"/sidebar/chat/?chat_id={group.chat_id}")
    assert Draft.objects.get().state == DraftState.WAITING


def test_her_manager_may_look(cast: Cast, group: Group) -> None:
    page = body(signed_in(cast.manager), draft_address())
    assert "这条等林晓发出" in page
    assert signed_in(cast.ma).get(draft_address()).status_code == 404


def test_taking_answering_and_handing_on(cast: Cast, group: Group) -> None:
    lin = signed_in(cast.lin)
    assert "我来答" in body(lin, escalation_address())
    lin.post(escalation_address("take"))
    assert Escalation.objects.get().state == EscalationState.TAKEN
    assert "已答复" in body(lin, escalation_address())
    lin.post(escalation_address("manager"))
    escalation = Escalation.objects.get()
    assert (escalation.state, escalation.holder) == (EscalationState.REROUTED, cast.manager)
    manager = signed_in(cast.manager)
    manager.post(escalation_address("answered"))
    assert Escalation.objects.get().state == EscalationState.ANSWERED
    assert "店长何在" in body(lin, escalation_address())


def test_the_question_stands_between_what_was_said_before(cast: Cast, group: Group) -> None:
    page = body(signed_in(cast.lin), escalation_address())
    assert page.index("请问今天营业到几点") < page.index("拉链坏了，我的钱怎么办")
    assert "带到店里免费修" in page


def test_copying_and_dismissing_on_the_ipad(cast: Cast, group: Group) -> None:
    lin, shown = signed_in(cast.lin), shown_id(Draft.objects.get().public_id)
    assert lin.post(reverse("tablet-draft-copied", args=[shown])).status_code == 204
    assert Draft.objects.get().copied_at is not None
    answer = lin.post(reverse("tablet-draft-dismiss", args=[shown]), follow=True)
    assert reverse("tablet-draft-take-back", args=[shown]) in answer.content.decode()
    assert lin.post(reverse("tablet-draft-take-back", args=[shown])).status_code == 204
    assert Draft.objects.get().state == DraftState.WAITING


def test_the_side_bar_of_the_group_sends_with_one_tap(cast: Cast, group: Group) -> None:
    lin = signed_in(cast.lin)
    page = body(lin, f"/sidebar/chat/?chat_id={group.chat_id}")
    assert "发到群里" in page
    assert "拉链坏了" in page
    shown = shown_id(Draft.objects.get().public_id)
    sent = lin.post(
        reverse("sidebar-draft-sent", args=[shown]),
        {"chat_id": group.chat_id, "text": Draft.objects.get().text},
    )
    assert sent.status_code == 200
    assert "发到群里" not in sent.content.decode()
    assert Draft.objects.get().state == DraftState.SENT


def test_outside_a_chat_the_side_bar_only_shows(cast: Cast, group: Group) -> None:
    page = body(signed_in(cast.lin), "/sidebar/chat/")
    assert "只能看，不能发" in page
    assert "发到群里" not in page


def test_the_side_bar_may_be_framed_by_us_and_loads_the_named_sdk(
    cast: Cast, group: Group, settings: object
) -> None:
    settings.WECOM_JSSDK_URL = "https://sdk.example.com/ww.js"  # type: ignore[attr-defined]
    answer = signed_in(cast.lin).get("/sidebar/")
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    nonce = page.split('src="https://sdk.example.com/ww.js" nonce="')[1].split('"')[0]
    assert nonce
    assert f"'nonce-{nonce}'" in policy


def test_signatures_are_given_for_the_side_bar_only(wecom: Sandbox, cast: Cast) -> None:
    lin = signed_in(cast.lin)
    for kind in ("app", "corp"):
        good = lin.get(
            "/sidebar/signature/", {"for": kind, "url": "http://testserver/sidebar/?x=1"}
        )
        assert set(good.json()) == {"timestamp", "nonceStr", "signature"}
    for url in ("https://elsewhere.example.com/sidebar/", "http://testserver/tablet/", ""):
        assert lin.get("/sidebar/signature/", {"url": url}).status_code == 400


@pytest.mark.parametrize(
    "address", ["/tablet/drafts/", "/tablet/escalations/", "/sidebar/chat/", "/tablet/badges/"]
)
def test_the_cost_of_a_page_does_not_grow_with_its_rows(
    cast: Cast, group: Group, address: str
) -> None:
    lin = signed_in(cast.lin)
    few = _count(lin, address)
    for number in range(19):
        sender = f"wm{number:030d}"
        say("请问今天营业到几点？", group=group, sender=sender)
        say("我要退款", group=group, sender=sender)
    assert _count(lin, address) == few


def _count(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)
