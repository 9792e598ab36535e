"""HQ's builder: what it offers, the live count while typing, the sample, every version."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from members.audience.actions import save_audience
from members.audience.models import Audience, AudienceVersion
from members.audience.queries import version_of
from members.consent.models import Purpose
from members.identity.models import Tier
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member
from tests.members.builders import TESTER, a_contact, grant

BACKEND = "django.contrib.auth.backends.ModelBackend"
LIVE = reverse("admin:members_audience_live")


@pytest.fixture
def hq(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.hq, backend=BACKEND)
    return client


def of_the_west(cast: Cast) -> Client:
    """An account of head office that answers for the western region alone."""
    west = Account.objects.create_user("west", PASSWORD, name="西区总部", is_staff=True)
    west.regions.add(cast.west)
    west.user_permissions.add(Permission.objects.get(codename="view_audience"))
    client = Client()
    client.force_login(west, backend=BACKEND)
    return client


def asked(hq: Client, rule: object, **more: str) -> str:
    text = rule if isinstance(rule, str) else json.dumps(rule)
    return hq.post(LIVE, {"rule": text, **more}).content.decode()


def test_the_live_count_reads_the_rule_and_says_who_falls_out(cast: Cast, hq: Client) -> None:
    a_member("王", owner=cast.zhou, store=cast.guomao, tier=Tier.GOLD)
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    a_contact(cast.lin, member=cast.chen)
    shown = asked(hq, {"store": ["S001"]})
    assert "属于 国贸店" in shown
    assert "<b>2</b> 人符合，现在能发一对一消息的有 <b>1</b> 人" in shown
    assert "没有同意导购一对一消息" in shown
    assert "陈" not in shown


def test_the_sample_is_masked_and_within_the_account(cast: Cast, hq: Client) -> None:
    a_member("马丽", owner=cast.ma, store=cast.wangjing)
    shown = asked(hq, {}, sample="1")
    assert "陈*" in shown
    assert "马*" in shown
    assert "陈静" not in shown
    shown = asked(of_the_west(cast), {}, sample="1")
    assert "<b>1</b> 人符合" in shown
    assert "马*" in shown
    assert "陈*" not in shown


@pytest.mark.parametrize("text", ["{", "[]", '{"phone": ["138"]}', '{"tier": []}', "7"])
def test_what_is_no_rule_yet_is_said_and_counted_by_nobody(hq: Client, text: str) -> None:
    assert "rule-fault" in asked(hq, text)


def test_the_form_keeps_a_version_each_time_the_rule_changes(cast: Cast, hq: Client) -> None:
    add = reverse("admin:members_audience_add")
    page = hq.get(add).content.decode()
    assert "data-rule-tree" in page
    assert "builder.js" in page
    assert "S001" in page
    hq.post(add, {"name": "金卡", "rule": '{"tier": ["gold"]}'})
    audience = Audience.objects.get()
    change = reverse("admin:members_audience_change", args=[audience.pk])
    hq.post(change, {"name": "金卡", "rule": '{"tier": ["gold", "diamond"]}'})
    hq.post(change, {"name": "金卡会员", "rule": '{"tier": ["gold", "diamond"]}'})
    rows = AudienceVersion.objects.order_by("number")
    assert [(row.number, row.words) for row in rows] == [(1, "金卡"), (2, "金卡及以上")]
    assert rows[1].difference == "去掉：金卡。加上：金卡及以上"
    assert "account:" in rows[1].saved_by
    first = version_of(audience, 1)
    assert first is not None
    assert first.rule == {"tier": ["gold"]}
    shown = hq.get(change).content.decode()
    assert "金卡及以上" in shown
    assert "<td>总部小何</td>" in shown
    wrong = hq.post(change, {"name": "金卡会员", "rule": '{"tier": "gold"}'}).content.decode()
    assert "的值应是" in wrong


def test_pickers_offer_only_the_accounts_own(cast: Cast, hq: Client) -> None:
    guides = reverse("admin:members_audience_guides")
    offered = {one["value"] for one in hq.get(guides).json()["choices"]}
    assert {"G001", "G003"} <= offered
    assert [one["value"] for one in hq.get(guides, {"q": "林"}).json()["choices"]] == ["G001"]
    theirs = of_the_west(cast).get(guides).json()["choices"]
    assert {one["value"] for one in theirs} == {"G003"}
    assert hq.get(reverse("admin:members_audience_goods")).json() == {"choices": []}
    assert hq.get(reverse("admin:members_audience_schema")).json()["title"] == "人群条件"


def test_who_is_not_head_office_learns_nothing(cast: Cast) -> None:
    save_audience(None, name="金卡", rule={}, by=TESTER)
    guide = Client()
    guide.force_login(cast.lin.account, backend=BACKEND)
    for address in (LIVE, reverse("admin:members_audience_guides")):
        answer = guide.post(address) if address == LIVE else guide.get(address)
        assert answer.status_code in {302, 403, 404}
        assert b"G003" not in answer.content
