"""Audiences: a rule is read or refused, selects in SQL, and explains who falls out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kit.actions import scope_of
from members.audience.actions import save_audience
from members.audience.models import Audience
from members.audience.queries import descent, members_by_rule, members_in
from members.audience.rules import BrokenRule, check_rule
from members.consent.models import Purpose
from members.identity.models import Member, MemberState, Tier
from stores.org.access import actor_of
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_contact, grant
from tests.members.profile.test_own_pages import a_purchase


@pytest.fixture
def people(cast: Cast) -> dict[str, Member]:
    long_ago = timezone.now() - timedelta(days=400)
    wang = a_member("王", owner=cast.zhou, store=cast.guomao, tier=Tier.GOLD, joined_at=long_ago)
    li = a_member("李", owner=None, store=cast.wangjing, tier=Tier.GOLD)
    left = a_member("走", owner=cast.lin, store=cast.guomao, state=MemberState.LEFT)
    a_purchase(wang)
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    a_contact(cast.lin, member=cast.chen)
    return {"chen": cast.chen, "wang": wang, "li": li, "left": left}


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ({}, "chen wang li"),
        ({"tier": ["gold"]}, "wang li"),
        ({"store": ["S001"]}, "chen wang"),
        ({"region": ["西区"]}, "li"),
        ({"owner": ["G001"]}, "chen"),
        ({"has_owner": False}, "li"),
        ({"consent": "direct_marketing"}, "chen"),
        ({"joined_within_days": 30}, "chen li"),
        ({"joined_since": "2020-01-01"}, "chen wang li"),
        ({"purchased_within_days": 7}, "wang"),
        ({"is_friend": True}, "chen"),
        ({"not": {"tier": ["gold"]}}, "chen"),
        ({"all": [{"tier": ["gold"]}, {"store": ["S001"]}]}, "wang"),
        ({"any": [{"owner": ["G001"]}, {"has_owner": False}]}, "chen li"),
        ({"all": [{"not": {"purchased_within_days": 7}}, {"has_owner": True}]}, "chen"),
    ],
)
def test_each_term_selects_whom_it_says(
    people: dict[str, Member], rule: dict[str, Any], names: str
) -> None:
    found = members_by_rule(rule, timezone.now())
    assert set(found) == {people[name] for name in names.split()}


@pytest.mark.parametrize(
    "rule",
    [
        [],
        "gold",
        {"tier": "gold"},
        {"tier": []},
        {"tier": ["gold"], "store": ["S001"]},
        {"phone": ["138"]},
        {"all": []},
        {"all": {"tier": ["gold"]}},
        {"joined_since": "yesterday"},
        {"joined_since": "2026-13-45"},
        {"purchased_within_days": 0},
        {"purchased_within_days": True},
        {"has_owner": "yes"},
        {"consent": "no_such_purpose"},
        {"not": {"not": {"not": {"not": {"not": {"not": {"tier": ["gold"]}}}}}}},
        {"any": [{"tier": ["gold"]}] * 61},
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(rule: Any) -> None:
    with pytest.raises(BrokenRule, match=r"规则|条件"):
        check_rule(rule)


def test_a_guide_counts_only_whom_she_meets(cast: Cast, people: dict[str, Member]) -> None:
    audience = Audience.objects.create(name="所有人", rule={})
    with scope_of(actor_of(cast.lin.account)):
        assert list(members_in(audience, timezone.now())) == [cast.chen]


def test_the_funnel_says_who_falls_out(cast: Cast, people: dict[str, Member]) -> None:
    grant(people["wang"], Purpose.DIRECT_MARKETING)
    found = descent({}, by=TESTER)
    assert found.meant == 3
    assert {one.code: one.number for one in found.fallen if one.number} == {
        "consent": 1,
        "channel": 1,
    }
    assert found.left == 1


def test_a_changed_rule_is_a_new_version(cast: Cast) -> None:
    audience = save_audience(None, name="金卡", rule={"tier": ["gold"]}, by=TESTER)
    for _ in range(2):
        audience = save_audience(
            audience.pk, name="金卡", rule={"tier": ["gold", "diamond"]}, by=TESTER
        )
    assert audience.version == 2
    with pytest.raises(BrokenRule):
        save_audience(audience.pk, name="金卡", rule={"x": 1}, by=TESTER)
