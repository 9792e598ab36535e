"""A proposed rule is computed beside those in force, and counts only after somebody saw it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kit.actor import Actor
from stores.conversions.actions import approve_rule, judge_next, propose_rule
from stores.conversions.errors import NothingToTry, Untried
from stores.conversions.models import Credit, CreditRule, RuleTrial
from stores.conversions.trying import begin_trial, carry_on_trials, compare_portion
from stores.org.access import actor_of
from stores.org.models import Account
from tests.cast import PASSWORD, Cast
from tests.stores.conversions.builders import (
    TEST,
    days,
    let_the_house_react,
    own,
    sell,
    touch,
)

TEST_OTHER = Actor.system("another")
SERVER = {"ladder": [{"kind": "server"}]}


def a_rule(terms: object = SERVER) -> CreditRule:
    later = timezone.now() + days(3)
    return propose_rule(name="谁接待归谁", terms=terms, effective_from=later, by=TEST)


def tried(rule: CreditRule) -> RuleTrial:
    now = timezone.now()
    trial = begin_trial(rule, since=now - days(90), until=now, by=TEST)
    while carry_on_trials(now):
        pass
    trial.refresh_from_db()
    return trial


def shares(trial: RuleTrial) -> dict[tuple[int, int], tuple[int, int]]:
    return {(one.store_no, one.guide_no): (one.now, one.then) for one in trial.shares.all()}


def an_owned_sale(cast: Cast, receipt_no: str, amount: int = 10_000) -> None:
    """Lin owns her and was in touch; Zhou served."""
    at = timezone.now() - days(5)
    own(cast.lin, 900, at - days(100))
    touch("visit", cast.lin, 900, at - days(3))
    sell(receipt_no, cast.guomao, member_no=900, served_by=cast.zhou, lines=[(1, amount)], at=at)


def test_it_says_who_would_get_what_and_changes_nothing(cast: Cast) -> None:
    an_owned_sale(cast, "A1")
    sell("A2", cast.wangjing, served_by=cast.ma, at=timezone.now() - days(4))
    let_the_house_react()
    before = list(Credit.objects.order_by("pk").values())
    trial = tried(a_rule())
    guomao, wangjing = cast.guomao.pk, cast.wangjing.pk
    assert shares(trial) == {
        (guomao, cast.lin.pk): (10_000, 0),
        (guomao, cast.zhou.pk): (0, 10_000),
        (wangjing, cast.ma.pk): (10_000, 10_000),
    }
    assert (trial.lines, trial.changed, trial.percent) == (2, 1, 100)
    (example,) = trial.examples
    assert (example["receipt_no"], example["moved"]) == ("A1", 10_000)
    assert list(Credit.objects.order_by("pk").values()) == before


def test_refunds_are_taken_from_both_sides(cast: Cast) -> None:
    an_owned_sale(cast, "A1")
    sell("R1", cast.guomao, lines=[(1, -4_000)], at=timezone.now() - days(1), refund_of="A1/1")
    trial = tried(a_rule())
    assert shares(trial) == {
        (cast.guomao.pk, cast.lin.pk): (6_000, 0),
        (cast.guomao.pk, cast.zhou.pk): (0, 6_000),
    }


def test_what_is_tried_is_what_the_rule_does_once_it_counts(cast: Cast) -> None:
    """The oracle is the judge itself, under the rule made to count from the beginning."""
    dice = random.Random(7)  # noqa: S311 - the same sales in every run
    guides = [cast.lin, cast.zhou, cast.ma]
    now = timezone.now()
    for member in range(900, 906):
        own(dice.choice(guides), member, now - days(80))
        for _ in range(3):
            touch("visit", dice.choice(guides), member, now - days(dice.uniform(1, 70)))
    for number in range(30):
        sell(
            f"A{number}",
            dice.choice([cast.guomao, cast.wangjing]),
            member_no=dice.choice([None, *range(900, 906)]),
            served_by=dice.choice([None, *guides]),
            lines=[(1, dice.randrange(100, 90_000)), (2, dice.randrange(100, 90_000))],
            at=now - days(dice.uniform(1, 60)),
        )
    let_the_house_react()
    rule = a_rule({"ladder": [{"kind": "linear", "window_days": 40}], "server_share": 15})
    trial = tried(rule)
    assert {key: now for key, (now, _) in shares(trial).items() if now} == _credited()
    CreditRule.objects.exclude(pk=rule.pk).update(approved_at=None)
    CreditRule.objects.filter(pk=rule.pk).update(approved_at=now, effective_from=now - days(1000))
    judge_next(0, size=1000, by=TEST)
    assert {key: then for key, (_, then) in shares(trial).items() if then} == _credited()


def _credited() -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for credit in Credit.objects.all():
        key = (credit.store_no, credit.guide_no)
        found[key] = found.get(key, 0) + credit.amount
    return found


def test_a_trial_that_dies_goes_on_and_counts_nothing_twice(cast: Cast) -> None:
    for number in range(7):
        sell(f"A{number}", cast.guomao, served_by=cast.lin, at=timezone.now() - days(1))
    now = timezone.now()
    trial = begin_trial(a_rule(), since=now - days(90), until=now, by=TEST)
    assert compare_portion(trial.pk, at=now, by=TEST, size=2)
    trial.refresh_from_db()
    assert 0 < trial.percent < 100
    again = begin_trial(trial.rule, since=now - days(90), until=now, by=TEST)
    assert again == trial
    assert carry_on_trials(now, size=2) == 3
    assert shares(trial) == {(cast.guomao.pk, cast.lin.pk): (70_000, 70_000)}
    assert not compare_portion(trial.pk, at=now, by=TEST)


def test_nothing_sold_is_nothing_to_try(cast: Cast) -> None:
    with pytest.raises(NothingToTry):
        tried(a_rule())


def test_nobody_approves_what_nobody_has_seen(client: Client, cast: Cast) -> None:
    second = Account.objects.create_superuser("hq2", PASSWORD, name="总部小温")
    an_owned_sale(cast, "A1")
    let_the_house_react()
    client.force_login(cast.hq)
    when = timezone.localtime() + days(3)
    told: dict[str, Any] = {
        "name": "谁接待归谁",
        "effective_from_0": when.strftime("%Y-%m-%d"),
        "effective_from_1": when.strftime("%H:%M:%S"),
        "terms": json.dumps(SERVER),
    }
    assert client.post("/admin/stores/creditrule/add/", told).status_code == 302
    rule = CreditRule.objects.get(name="谁接待归谁")
    # Nothing was sold in the stores that Ma sees.
    for by in (TEST_OTHER, actor_of(cast.ma.account)):
        with pytest.raises(Untried):
            approve_rule(rule, account=second, by=by)
    page = f"/admin/stores/creditrule/{rule.pk}/change/"
    assert "已完成 0%" in client.get(page).content.decode()
    while carry_on_trials(timezone.now()):
        pass
    shown = client.get(page).content.decode()
    assert "1</strong> 行的归属会变" in shown
    assert "+¥100" in shown
    assert "林晓" in shown
    assert cast.zhou.name in shown
    assert approve_rule(rule, account=second, by=TEST_OTHER)
