"""Her rights on her own phone: a copy after a code, correction everywhere, restriction, complaint.

L-24 (her copy holds hers and nobody else's), L-25 (a correction shows in every place).
"""

from __future__ import annotations

import json

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from kit.fields import shown_id
from members.consent.models import Channel, ConsentState, Purpose
from members.consent.queries import may
from members.identity.actions import rename_member
from members.identity.models import IdentityKind, Member
from members.identity.queries import member_by_identity
from members.privacy.models import Disclosure, RequestKind, RequestState, SubjectRequest
from members.registration.doors import remember_proven
from tests.cast import Cast, a_member
from tests.members.builders import (
    TESTER,
    a_channel_code,
    a_contact,
    a_notice,
    grant,
    run_handlers,
)
from tests.members.profile.test_own_pages import a_purchase, as_member
from tests.members.registration.test_pages import agree
from tests.members.wechat import Phone
from wecom.outbox.models import OutboxRow


@pytest.fixture
def chen(cast: Cast) -> Client:
    a_notice(cast.entity)
    return as_member(cast.chen)


def prove(client: Client, member: Member) -> None:
    response = HttpResponse()
    remember_proven(response, member)
    client.cookies["proven"] = response.cookies["proven"].value


def test_her_copy_asks_for_a_code_to_her_phone_first(
    cast: Cast, chen: Client, phone: Phone
) -> None:
    assert chen.get("/m/privacy/copy/")["Location"] == "/m/privacy/prove/"
    sent = chen.post("/m/privacy/prove/").content.decode()
    assert "138****0001" in sent
    run_handlers()
    right = phone.last_code("+8613800000001")
    wrong = chen.post("/m/privacy/prove/", {"code": f"{(int(right) + 1) % 10**6:06d}"})
    assert "验证码不对" in wrong.content.decode()
    assert chen.get("/m/privacy/copy/").status_code == 302
    assert chen.post("/m/privacy/prove/", {"code": right})["Location"] == "/m/privacy/copy/"
    assert chen.get("/m/privacy/copy/").status_code == 200
    # Another member's browser is not hers, even with the cookie of it.
    other = as_member(a_member("别人", owner=cast.lin, store=cast.guomao))
    other.cookies["proven"] = chen.cookies["proven"].value
    assert other.get("/m/privacy/copy/").status_code == 302


def test_l24_her_copy_holds_hers_and_nothing_of_others(cast: Cast, chen: Client) -> None:
    other = a_member("别人", owner=cast.lin, store=cast.guomao, phone="+8613822223333")
    a_purchase(cast.chen, "R-MINE")
    a_purchase(other, "R-THEIRS")
    a_contact(cast.lin, member=cast.chen)
    grant(cast.chen, Purpose.PROFILING)
    prove(chen, cast.chen)
    page = chen.get("/m/privacy/copy/").content.decode()
    answer = chen.get("/m/privacy/copy/?file")
    assert "attachment" in answer["Content-Disposition"]
    text = answer.content.decode()
    parts = {part["table"]: part["rows"] for part in json.loads(text)["parts"]}
    assert parts["members.member"][0]["phone"] == "+8613800000001"
    assert parts["members.identity"][0]["value"] == "+8613800000001"
    assert "members.consentevent" in parts
    assert "stores.purchaseline" in parts
    for shown in (page, text):
        assert "陈静" in shown
        for foreign in ("别人", "13822223333", "R-THEIRS"):
            assert foreign not in shown
    assert Disclosure.objects.get(what="own_copy").members == [cast.chen.pk]


def rename(chen: Client, cast: Cast, name: str, version: int | None = None) -> None:
    """As her page posts it: with the version that stood on it."""
    seen = Member.objects.get(pk=cast.chen.pk).version if version is None else version
    chen.post("/m/privacy/name/", {"name": name, "version": seen})


def test_l25_a_corrected_name_shows_in_every_place(cast: Cast, chen: Client) -> None:
    contact = a_contact(cast.lin, member=cast.chen)
    friendship = contact.friendships.get()
    friendship.remark = "陈静 国贸 M码"
    friendship.save()
    names = [f"陈{one}{two}" for one in "晓雨" for two in "静琳宁"]
    before = "陈静"
    for turn, name in enumerate(names, 1):
        rename(chen, cast, f" {name} ")
        assert Member.objects.get(pk=cast.chen.pk).name == name
        friendship.refresh_from_db()
        assert friendship.remark == f"{name} 国贸 M码"
        wish = OutboxRow.objects.filter(kind="remark").latest("pk")
        assert wish.payload["remark"] == f"{name} 国贸 M码"
        assert OutboxRow.objects.filter(kind="remark").count() == turn
        assert before not in chen.get("/m/").content.decode()
        before = name
    rename(chen, cast, before)
    assert OutboxRow.objects.filter(kind="remark").count() == len(names)
    rename(chen, cast, "")
    assert Member.objects.get(pk=cast.chen.pk).name is None


def test_who_corrects_an_old_copy_is_told(cast: Cast, chen: Client) -> None:
    """Her guide wrote while her page was open; neither overwrites the other unseen."""
    page = chen.get("/m/privacy/").content.decode()
    seen = Member.objects.get(pk=cast.chen.pk).version
    assert f'name="version" value="{seen}"' in page
    rename_member(cast.chen.pk, name="陈女士", version=seen, by=TESTER)
    for told in (seen, 10**12, "x"):
        chen.post("/m/privacy/name/", {"name": "静静", "version": told})
        assert "还没有保存" in chen.get("/m/privacy/").content.decode()
    assert Member.objects.get(pk=cast.chen.pk).name == "陈女士"
    rename(chen, cast, "静静")
    assert Member.objects.get(pk=cast.chen.pk).name == "静静"


def test_the_year_of_birth_is_hers_and_makes_no_minor_reachable(cast: Cast, chen: Client) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    year = timezone.localdate().year
    young = year - 17
    for given, kept in (("1990", 1990), (str(young), young), ("199", young), ("", None)):
        chen.post("/m/privacy/birth-year/", {"birth_year": given})
        member = Member.objects.get(pk=cast.chen.pk)
        assert member.birth_year == kept
        verdict = may(
            member, Purpose.DIRECT_MARKETING, Channel.WECOM, at=timezone.now(), entity=cast.entity
        )
        assert verdict.reason == ("minor" if kept == young else "")


def test_only_keeping_is_one_tap_and_ends_every_use(cast: Cast, chen: Client) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    for wanted, reason in (("on", "restricted"), ("", "")):
        chen.post("/m/privacy/restrict/", {"restricted": wanted})
        found = may(cast.chen.pk, Purpose.DIRECT_MARKETING, at=timezone.now(), entity=cast.entity)
        assert found.reason == reason
        assert chen.get("/m/").status_code == 200


def test_everything_is_refused_with_one_tap(cast: Cast, chen: Client) -> None:
    grant(cast.chen, Purpose.DIRECT_MARKETING, Purpose.PROFILING, Purpose.BIRTHDAY)
    chen.post("/m/privacy/decide/none/")
    assert not ConsentState.objects.filter(member=cast.chen, is_granted=True).exists()
    assert chen.get("/m/").status_code == 200


def test_a_complaint_has_a_deadline_and_stays_readable(cast: Cast, chen: Client) -> None:
    said = {"kind": RequestKind.COMPLAINT, "words": "收到了不想要的消息"}
    assert chen.post("/m/privacy/ask/", said)["Location"] == "/m/privacy/ask/"
    assert "最迟 15 天" in chen.get("/m/privacy/ask/").content.decode()
    row = SubjectRequest.objects.get()
    assert (row.kind, row.state, row.words) == ("complaint", RequestState.CHECKED, said["words"])
    for nothing in ({"kind": "complaint", "words": " "}, {"kind": "next_of_kin", "words": "x"}, {}):
        chen.post("/m/privacy/ask/", nothing)
    assert SubjectRequest.objects.count() == 1


def test_leaving_may_delete_too_and_speaks_to_nobody(cast: Cast, chen: Client) -> None:
    page = chen.post("/m/privacy/leave/", {"delete": "on"}).content.decode()
    assert "按您的要求删除" in page
    assert SubjectRequest.objects.get().kind == RequestKind.DELETE
    assert chen.get("/m/").status_code == 401


def test_who_left_yesterday_is_welcomed_back_with_nothing_turned_on(
    cast: Cast, client: Client, phone: Phone
) -> None:

    a_notice(cast.entity)
    code = a_channel_code(cast.lin)
    grant(cast.chen, Purpose.DIRECT_MARKETING, Purpose.PROFILING)
    as_member(cast.chen).post("/m/privacy/leave/")
    agree(client, code, Purpose.PROFILING)
    client.post("/q/phone/", {"phone": "13800000001"})
    run_handlers()
    answer = client.post("/q/code/", {"code": phone.last_code("+8613800000001")})
    assert answer["Location"] == "/q/welcome/"
    page = client.get("/q/welcome/").content.decode()
    assert "欢迎回来" in page
    held = ConsentState.objects.filter(member=cast.chen, is_granted=True)
    assert set(held.values_list("purpose", flat=True)) == {"membership", "profiling"}
    found = member_by_identity(IdentityKind.PHONE, "13800000001", cast.entity)
    assert found is not None
    assert shown_id(found.public_id) == shown_id(cast.chen.public_id)
