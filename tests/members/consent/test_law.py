"""The law sheet on permission: L-04, L-06, L-07, L-15; what a newer notice does and does not do."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.consent.actions import decide
from members.consent.comparing import Change, compared
from members.consent.models import Channel, ConsentEvent, ConsentState, Notice, Purpose
from members.consent.noticing import digest_of, draft_notice, publish_notice, see_notice
from members.consent.queries import (
    may,
    news_for,
    permitted,
    preview_of,
    states_unlike_log,
)
from members.consent.rules import MARKETING, Decided, fold
from members.identity.access import member_for
from members.identity.models import Member, MemberState
from members.privacy.noticed import lists_of_notice
from stores.org.access import actor_of_guide
from stores.org.models import Guide, LegalEntity
from tests.cast import Cast, a_guide, a_member, a_store, make_cast
from tests.members.builders import ITEMS, TESTER, a_notice, grant

FULL = os.environ.get("FAULT_TRIALS") == "full"
ADDED = {"purpose": "chat_archive", "title": "会话存档", "text": "只用于服务质检"}
OFFERED = [Purpose.DIRECT_MARKETING, Purpose.PROFILING, Purpose.SHARE_ENTITY, Purpose.BIRTHDAY]
CHANNELS = [Channel.ANY, Channel.WECOM, Channel.SMS]


# ---------------------------------------------------------------- L-04


def test_l04_every_notice_carries_the_four_blocks_and_its_own_digest(
    client: Client, cast: Cast
) -> None:
    notice = a_notice(cast.entity)
    address = f"/notice/{shown_id(notice.public_id)}/"
    page = client.get(address).content.decode()
    for block in ("谁在处理您的信息", "收集清单", "接收方清单", "您的权利，怎么行使"):
        assert block in page
    for line in (cast.entity.name, cast.entity.contact, "手机号", "撤回", "投诉", "15 天"):
        assert line in page
    assert notice.sha256[:16] in page
    assert digest_of(Notice.objects.get(pk=notice.pk)) == notice.sha256
    saved = client.get(address, {"as": "text"})
    assert "attachment" in saved["Content-Disposition"]
    assert "谁在处理您的信息" in saved.content.decode()
    # The lists are the code's own catalogue, and stay what they were when it was published.
    assert notice.blocks["collected"] == lists_of_notice(cast.entity)["collected"]
    LegalEntity.objects.filter(pk=cast.entity.pk).update(contact="elsewhere@example.com")
    assert "privacy@example.com" in client.get(address).content.decode()
    assert client.get(address).content.decode().count("elsewhere@example.com") == 0


def test_the_digest_covers_everything_that_is_read(cast: Cast) -> None:
    notice = a_notice(cast.entity)
    for name, other in (
        ("title", "别"), ("summary", "别"), ("body", "别"), ("items", []),
        ("asks_birth_year", True),
        ("blocks", {**notice.blocks, "recipients": [{"name": "x", "purpose": "y", "kinds": "z"}]}),
    ):  # fmt: skip
        copy = Notice.objects.get(pk=notice.pk)
        setattr(copy, name, other)
        assert digest_of(copy) != notice.sha256, name


# ---------------------------------------------------------------- L-06, newer notices


def test_l06_a_new_purpose_is_nobodys_and_members_are_told_again(cast: Cast) -> None:
    first = a_notice(cast.entity)
    members = [cast.chen] + [
        a_member(f"会员{n}", owner=cast.lin, store=cast.guomao) for n in range(5)
    ]
    for member in members:
        decide(member.pk, dict.fromkeys(OFFERED, True), notice_id=first.pk, by=TESTER)
    newer = a_notice(cast.entity, items=[*ITEMS, ADDED])
    now = timezone.now()
    assert (newer.adds, newer.renotice) == (["chat_archive"], True)
    for member in members:
        assert not may(member, Purpose.CHAT_ARCHIVE, at=now, entity=cast.entity).allowed
        found = news_for(member, newer, at=now)
        assert found is not None
        assert [item["purpose"] for item in found.items] == ["chat_archive"]
    see_notice(cast.chen.pk, newer.pk, by=TESTER)
    assert news_for(cast.chen, newer, at=now) is None


def test_only_words_of_substance_are_told_again(cast: Cast) -> None:
    first = a_notice(cast.entity)
    decide(cast.chen.pk, {Purpose.PROFILING: True}, notice_id=first.pk, by=TESTER)
    assert not first.renotice
    same = a_notice(cast.entity)
    assert news_for(cast.chen, same, at=timezone.now()) is None
    draft = draft_notice(
        cast.entity.pk, title="告知", summary="新", body="改用新的方式", items=ITEMS,
        renotice=True, by=TESTER,
    )  # fmt: skip
    told = publish_notice(draft.pk, by=TESTER)
    assert news_for(cast.chen, told, at=timezone.now()) is not None
    # A later one that says nothing new does not swallow the one she has not seen.
    assert news_for(cast.chen, a_notice(cast.entity), at=timezone.now()) is not None


def test_hq_reads_what_changed(cast: Cast, client: Client) -> None:
    a_notice(cast.entity)
    draft = draft_notice(
        cast.entity.pk, title="告知", summary="为了认出您，我们需要您的手机号。",
        body="全新的全文。", items=[*ITEMS[:2], ADDED], by=TESTER,
    )  # fmt: skip
    found = preview_of(draft)
    said = {line.change: [one.text for one in found.lines if one.change == line.change]
            for line in found.lines}  # fmt: skip
    assert "全新的全文。" in said[Change.ADDED]
    assert any("生日礼遇" in text for text in said[Change.GONE])
    assert found.adds == ["会话存档"]
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/admin/members/notice/{draft.pk}/preview/").content.decode()
    assert "<ins>全新的全文。</ins>" in page
    client.post(f"/admin/members/notice/{draft.pk}/publish/")
    assert Notice.objects.get(pk=draft.pk).published_at is not None
    assert (
        "发布这一版"
        not in client.get(f"/admin/members/notice/{draft.pk}/preview/").content.decode()
    )


def test_comparing_is_in_reading_order() -> None:
    lines = compared(["a", "b", "c"], ["a", "x", "c", "d"])
    assert [f"{line.change[0]}{line.text}" for line in lines] == ["sa", "gb", "ax", "sc", "ad"]


# ---------------------------------------------------------------- L-07


@pytest.fixture
def world(db: None) -> Cast:
    return make_cast()


histories = st.lists(
    st.tuples(st.sampled_from(OFFERED), st.sampled_from(CHANNELS), st.booleans()), max_size=8
)


@settings(
    max_examples=2000 if FULL else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=histories)
def test_l07_the_projection_is_the_fold_of_the_log_for_every_purpose_and_channel(
    world: Cast, history: list[tuple[Purpose, Channel, bool]]
) -> None:
    member = a_member("谁", owner=world.lin, store=world.guomao)
    for purpose, channel, wanted in history:
        decide(member.pk, {purpose: wanted}, channel=channel, by=TESTER)
    log = ConsentEvent.objects.filter(member=member).order_by("pk")
    oracle = fold(Decided(row.purpose, row.channel, row.decision, row.pk) for row in log)
    states = ConsentState.objects.filter(member=member)
    assert {(s.purpose, s.channel): (s.is_granted, s.event_id) for s in states} == oracle
    now = timezone.now()
    for purpose in OFFERED:
        for channel in CHANNELS:
            said = [oracle.get((purpose, way)) for way in {"", channel}]
            newest = max((one for one in said if one), key=lambda one: one[1], default=(False, 0))
            asked = may(member, purpose, channel, at=now, entity=world.entity)
            assert asked.allowed is newest[0]
            row = Member.objects.filter(pk=member.pk)
            found = permitted(row, purpose, channel, at=now, entity=world.entity)
            assert found.exists() is newest[0]
    assert [one for one in states_unlike_log() if one[0] == member.pk] == []


# ---------------------------------------------------------------- L-15, restricted, minors


def test_l15_another_companys_people_read_only_while_she_shares(cast: Cast) -> None:
    """Every guide owns some of every company's: only the sharing decides what they meet (L-15)."""
    third = LegalEntity.objects.create(name="云岭商贸有限公司", contact="c@example.com")
    guides = [cast.lin, cast.ma]
    far = a_store("云岭店", code="S009", region=cast.west, entity=third)
    guides.append(a_guide("孙丽", far, employee_no="G009"))
    stores = [cast.guomao, cast.wangjing, far]
    reads = 0
    for number in range(12 if not FULL else 120):
        # Whose member she is, and who owns her: every pair of companies comes up.
        store = stores[number % 3]
        member = a_member(f"会员{number}", owner=guides[number // 3 % 3], store=store)
        if number % 2:
            grant(member, Purpose.SHARE_ENTITY)
        if number % 4 == 1:
            decide(member.pk, {Purpose.SHARE_ENTITY: False}, by=TESTER)
        shares = number % 4 == 3
        now = timezone.now()
        for guide in guides:
            allowed = member.entity_id == guide.store.entity_id or shares
            # Who would meet her but for the company: her owner, and a manager of every store.
            sight = replace(
                actor_of_guide(guide).scope, guide=member.owner_id,
                stores=frozenset(one.pk for one in stores),
            )  # fmt: skip
            eyes = replace(actor_of_guide(guide), scope=sight)
            assert _is_read(member, eyes) is allowed
            verdict = may(member, Purpose.ORDER_SERVICE, at=now, entity=guide.store.entity)
            assert verdict.allowed is allowed
            reads += 2
    assert reads >= 72


def _is_read(member: Member, by: Actor) -> bool:
    """Whether the record and what hangs on it exist for somebody, by the door and by the table."""
    with scope_of(by):
        seen = Member.objects.filter(pk=member.pk).exists()
        assert ConsentState.objects.filter(member=member).exists() <= seen
        try:
            member_for(by, member.public_id)
        except Http404:
            return False
    return seen


def test_l15_a_guide_who_changed_companies_meets_whom_she_left_behind_no_more(
    client: Client, cast: Cast
) -> None:
    """Her members still stand under her name: the page answers as for nobody, until they share."""
    address = f"/tablet/members/{shown_id(cast.chen.public_id)}/"
    client.force_login(cast.lin.account, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code == 200
    Guide.objects.filter(pk=cast.lin.pk).update(store=cast.wangjing)
    assert client.get(address).status_code == 404
    assert "陈静" not in client.get("/tablet/members/").content.decode()
    grant(cast.chen, Purpose.SHARE_ENTITY)
    assert client.get(address).status_code == 200
    assert "陈静" in client.get("/tablet/members/").content.decode()


def test_restricted_members_and_minors_are_never_reached(cast: Cast) -> None:
    grant(cast.chen, *MARKETING)
    now = timezone.now()
    year = timezone.localtime(now).year
    for born, reachable in (
        (year - 18, False),
        (year - 19, True),
        (None, True),
        (year - 15, False),
    ):
        Member.objects.filter(pk=cast.chen.pk).update(birth_year=born)
        for purpose in MARKETING:
            asked = may(cast.chen, purpose, at=now, entity=cast.entity)
            assert (asked.allowed, asked.reason) == (reachable, "" if reachable else "minor")
            found = permitted(Member.objects.all(), purpose, at=now, entity=cast.entity)
            assert found.exists() is reachable
    for purpose in Purpose.values:
        Member.objects.filter(pk=cast.chen.pk).update(restricted_at=now)
        assert may(cast.chen, purpose, at=now, entity=cast.entity).reason == "restricted"
        assert not permitted(Member.objects.all(), purpose, at=now, entity=cast.entity).exists()


def test_every_state_but_active_says_no_in_both_answers(cast: Cast) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    other = a_member("别人", owner=cast.lin, store=cast.guomao)
    for state in set(MemberState.values) - {MemberState.ACTIVE}:
        into = other if state == MemberState.MERGED else None
        Member.objects.filter(pk=cast.chen.pk).update(state=state, merged_into=into)
        now = timezone.now() + timedelta(seconds=1)
        asked = may(cast.chen, Purpose.DIRECT_MARKETING, at=now, entity=cast.entity)
        assert not asked.allowed
        assert asked.text
        rows = Member.objects.all()
        assert not permitted(rows, Purpose.DIRECT_MARKETING, at=now, entity=cast.entity).exists()
