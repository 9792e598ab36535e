"""What customers said to WeCom's archive is known; keyword hits are kept without a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from tests.cast import Cast
from tests.sandbox import CHEN, GROUP, WU, Sandbox
from tests.wecom.directory.test_staff import differences
from wecom.directory.forgetting import forget_hearing
from wecom.directory.hearing import HITS, take_agreements, take_hits
from wecom.directory.inbound_of_hearing import agreement_told, keyword_told
from wecom.directory.models import SweepState
from wecom.directory.models_of_hearing import ArchiveConsent, KeywordHit
from wecom.directory.portions import Agreements, KeywordHits
from wecom.directory.queries_of_hearing import (
    archive_agreed,
    archive_agreed_in,
    position_of,
    refused_in_groups,
)
from wecom.directory.sources_of_hearing import _PAIRS
from wecom.directory.sweeping import sweep_through
from wecom.gateway import Agreement, gateway_of

TESTER = Actor.system("test")


def agreed(userid: str, customer: str) -> bool | None:
    with scope_of(TESTER):
        return archive_agreed(userid, customer)


def agreed_in(chat_id: str, customer: str) -> bool | None:
    with scope_of(TESTER):
        return archive_agreed_in(chat_id, customer)


def hits() -> list[KeywordHit]:
    with scope_of(TESTER):
        return list(KeywordHit.objects.order_by("at", "pk"))


def say(wecom: Sandbox, who: str, text: str) -> None:
    wecom.act("chat", **{"from": who, "chat_id": GROUP, "text": text})


def news(kind: str, **payload: object) -> DomainEvent:
    return DomainEvent(kind=kind, at=timezone.now(), subject="contact:x", payload=payload)


def test_friends_of_licensed_guides_and_their_groups_are_asked_about(
    wecom: Sandbox, cast: Cast
) -> None:
    assert agreed("linxiao", CHEN) is None
    sweep = sweep_through("archive_consents")
    assert (sweep.state, sweep.error, sweep.found) == (SweepState.DONE, "", 0)
    assert agreed("LinXiao", CHEN) is True
    assert agreed_in(GROUP, WU) is True
    # Zhou has no licence: nobody asks about his friends.
    assert agreed("zhouning", CHEN) is None
    wecom.act("archive_consent", customer=CHEN, agree=False)
    sweep = sweep_through("archive_consents")
    assert differences(sweep) == {(f"contact:{CHEN}", "存档同意变更", True)}
    assert (agreed("linxiao", CHEN), agreed_in(GROUP, CHEN)) == (False, False)
    with scope_of(TESTER):
        assert refused_in_groups([GROUP, ""]) == {(GROUP, CHEN)}


def test_many_friends_are_asked_a_hundred_at_a_time(wecom: Sandbox, cast: Cast) -> None:
    many = [f"wmMany{number:026d}" for number in range(_PAIRS * 2 + 1)]
    wecom.post(
        "seed",
        customers=[{"external_userid": key, "name": "客"} for key in many],
        friends=[{"userid": "LinXiao", "external_userid": key} for key in many],
    )
    sweep = sweep_through("archive_consents")
    assert (sweep.state, sweep.done) == (SweepState.DONE, len(many) + 2)
    assert len(wecom.calls("msgaudit/check_single_agree")) == 3
    with scope_of(TESTER):
        assert ArchiveConsent.objects.filter(userid="linxiao").count() == len(many) + 1


def test_her_yes_is_known_as_soon_as_wecom_tells(wecom: Sandbox, cast: Cast) -> None:
    told = news(
        "wecom.change_external_contact.msg_audit_approved", userid="linxiao", external_userid=CHEN
    )
    for _ in range(2):
        agreement_told(told)
    assert agreed("linxiao", CHEN) is True
    agreement_told(news("wecom.zone.chat_archive_audit_approved_room", chat_id=GROUP))
    assert agreed_in(GROUP, WU) is True
    agreement_told(news("wecom.zone.chat_archive_audit_approved_room", chat_id="wrNobody"))
    agreement_told(news("wecom.zone.chat_archive_audit_approved_single"))


def test_an_older_answer_undoes_no_later_one(wecom: Sandbox, cast: Cast) -> None:
    now = timezone.now()
    for state, at in (("refused", now), ("agreed", now - timedelta(minutes=1))):
        said = Agreements((Agreement("linxiao", CHEN, state, None),))  # type: ignore[arg-type]
        take_agreements(said, asked_at=at, by=TESTER)
    assert agreed("linxiao", CHEN) is False


def test_a_corp_without_the_archive_is_told_once_a_night(wecom: Sandbox, cast: Cast) -> None:
    wecom.fault("msgaudit/get_permit_user_list", times=-1, errcode=301053)
    sweep = sweep_through("archive_consents")
    assert differences(sweep) == {("archive", "会话存档不可用", False)}


@pytest.fixture
def rule(wecom: Sandbox, cast: Cast) -> str:
    found: str = wecom.act("keyword_rule", name="退款", words=["退钱", "退款"])["rule_id"]
    return found


def test_hits_are_kept_without_a_word_of_what_was_said(wecom: Sandbox, rule: str) -> None:
    say(wecom, CHEN, "我要退款，太差了")
    say(wecom, CHEN, "算了")
    wecom.act("start_chat", customer=CHEN, userid="LinXiao", text="退钱")
    for _ in range(2):
        keyword_told(news("wecom.zone.hit_keyword", keyword_token="long over"))
    assert [(hit.rule_name, hit.chat_id, hit.person, hit.to) for hit in hits()] == [
        ("退款", GROUP, CHEN, ""),
        ("退款", "", CHEN, "linxiao"),
    ]
    assert not any("太差" in str(vars(hit)) for hit in hits())


def test_hits_that_nobody_told_are_found(wecom: Sandbox, rule: str) -> None:
    sweep_through("keyword_hits")
    say(wecom, WU, "退款")
    sweep = sweep_through("keyword_hits", is_full=False)
    assert (sweep.state, sweep.done) == (SweepState.DONE, 1)
    assert [hit.person for hit in hits()] == [WU]
    assert sweep_through("keyword_hits").done == 0


def test_a_page_that_somebody_else_read_changes_nothing(wecom: Sandbox, rule: str) -> None:
    say(wecom, WU, "退款")
    page = gateway_of().keyword_hits()
    facts = KeywordHits(page.rows, "", page.next_cursor)
    assert take_hits(facts, by=TESTER) == 1
    say(wecom, WU, "退钱")
    sweep_through("keyword_hits", is_full=False)
    place = position_of(HITS)
    assert take_hits(facts, by=TESTER) == 0
    assert (len(hits()), position_of(HITS)) == (2, place)
    assert forget_hearing(at=timezone.now() + timedelta(days=181), by=TESTER) == 2
    assert hits() == []


def test_without_a_program_in_the_zone_nothing_is_asked(
    wecom: Sandbox, cast: Cast, settings: Settings
) -> None:
    sweep = sweep_through("keyword_hits")
    assert differences(sweep) == {("zone", "数据专区不可用", False)}
    settings.WECOM_ZONE_BRIDGE_URL = ""
    keyword_told(news("wecom.zone.hit_keyword"))
    assert sweep_through("keyword_hits").found == 0
