"""Tags on the profile and by rule: only what HQ offers, only with permission, people over rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor
from kit.fields import new_public_id
from members.consent.actions import decide
from members.tags.actions import carry_out_rule, carry_out_rules, drop_forbidden, tap_tag
from members.tags.catalogue import retire_tag, save_group, save_tag
from members.tags.copies import of_member
from members.tags.errors import NotAllowed, NotOffered, TagUnfit
from members.tags.models import MemberTag, Tag, TagSource, TagTakenOff
from members.tags.queries import preview
from members.tags.rules import (
    Act,
    Settlement,
    Sides,
    fault_of_rule,
    settle,
    standing_of,
    terms_in,
)
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_notice, grant
from tests.members.profile.test_tablet import page_of, signed_in
from tests.members.tags.builders import a_tag

NOW = timezone.now()
RULE = {"has_owner": True}


def tap(cast: Cast, tag: Tag, *, on: bool = True) -> bool:
    return tap_tag(cast.chen.pk, tag.public_id, on=on, by=TESTER)


def test_one_tap_puts_a_tag_on_and_one_takes_it_off(cast: Cast) -> None:
    a_notice(cast.entity)
    grant(cast.chen, "profiling")
    tag = a_tag("喜欢羊绒")
    address = reverse("tablet-member-tag", args=[cast.chen.public_id, tag.public_id])
    client = signed_in(cast.lin)
    part = client.post(address, {"on": "1"}, headers={"HX-Request": "true"})
    assert 'aria-pressed="true"' in part.content.decode()
    row = MemberTag.objects.get(member=cast.chen)
    assert row.source == TagSource.MANUAL
    assert row.by.startswith("account:")
    assert "喜欢羊绒" in page_of(cast.lin, reverse("tablet-member", args=[cast.chen.public_id]))
    assert client.post(address, {"on": "0"}).status_code == 302
    assert not MemberTag.objects.exists()


def test_without_her_permission_there_is_no_tag_to_tap(cast: Cast) -> None:
    tag = a_tag("喜欢羊绒")
    with pytest.raises(NotAllowed):
        tap(cast, tag)
    page = page_of(cast.lin, reverse("tablet-member", args=[cast.chen.public_id]))
    assert "喜欢羊绒" not in page
    assert "还没有征得" in page
    decide(cast.chen.pk, {"profiling": False}, by=TESTER)
    page = page_of(cast.lin, reverse("tablet-member", args=[cast.chen.public_id]))
    assert "她不同意" in page


def test_only_what_hq_offers_can_be_tapped(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    for tag in (a_tag("内部", is_offered=False), a_tag("旧的", retired_at=NOW)):
        with pytest.raises(NotOffered):
            tap(cast, tag)
    with pytest.raises(NotOffered):
        tap_tag(cast.chen.pk, new_public_id(), on=True, by=TESTER)


def test_a_rule_gives_and_takes_its_tag_and_leaves_peoples_alone(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    wu = a_member("吴桐", owner=None, store=cast.guomao)
    grant(wu, "profiling")
    a_member("没问过", owner=cast.lin, store=cast.guomao)
    tag = a_tag("有导购", rule=RULE)
    with scope_of(TESTER):
        assert preview(RULE, timezone.now()) == (2, 1)
    tap_tag(wu.pk, tag.public_id, on=True, by=TESTER)
    assert carry_out_rule(tag.pk) == 1
    assert dict(MemberTag.objects.values_list("member", "source")) == {
        cast.chen.pk: "rule",
        wu.pk: "manual",
    }
    assert carry_out_rule(tag.pk) == 0
    tag.refresh_from_db()
    assert tag.counted == 1
    # Whom the rule means no more loses it; who got it from a person keeps it.
    tag.rule = {"has_owner": False}
    tag.save()
    MemberTag.objects.filter(member=wu).update(source="manual")
    carry_out_rule(tag.pk)
    assert list(MemberTag.objects.values_list("member", "source")) == [(wu.pk, "manual")]


def test_a_tag_a_guide_took_off_no_rule_puts_on_again(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    tag = a_tag("有导购", rule=RULE)
    carry_out_rule(tag.pk)
    assert tap(cast, tag, on=False)
    assert carry_out_rule(tag.pk) == 0
    assert not MemberTag.objects.exists()
    # A person may change her mind; from then on it is a person's.
    assert tap(cast, tag)
    assert MemberTag.objects.get().source == TagSource.MANUAL
    assert not TagTakenOff.objects.exists()


def test_a_guide_who_taps_what_a_rule_gave_makes_it_hers(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    tag = a_tag("有导购", rule=RULE)
    carry_out_rule(tag.pk)
    tap(cast, tag)
    assert MemberTag.objects.get().source == TagSource.MANUAL


def test_who_refuses_profiling_has_no_tag_and_gets_none(cast: Cast) -> None:
    """L-17."""
    grant(cast.chen, "profiling")
    tag = a_tag("有导购", rule=RULE)
    carry_out_rule(tag.pk)
    decide(cast.chen.pk, {"profiling": False}, by=TESTER)
    # Even if the news of it were lost, the night finds her.
    assert drop_forbidden() == 1
    assert not MemberTag.objects.exists()
    carry_out_rules()
    assert not MemberTag.objects.exists()


def test_rules_cost_the_same_statements_for_one_and_twenty(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    tag = a_tag("有导购", rule=RULE)
    with CaptureQueriesContext(connection) as one:
        carry_out_rule(tag.pk)
    for number in range(20):
        grant(a_member(f"客人{number}", owner=cast.lin, store=cast.guomao), "profiling")
    with CaptureQueriesContext(connection) as twenty:
        assert carry_out_rule(tag.pk) == 20
    assert len(twenty) == len(one)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": " "}, "用途"),
        ({"rule": {}}, "所有会员"),
        ({"rule": {"tag": ["喜欢羊绒"]}}, "不能再用标签"),
        ({"rule": {"all": [{"not": {"tag": ["x"]}}]}}, "不能再用标签"),
        ({"rule": {"colour": "red"}}, "colour"),
    ],
)
def test_a_tag_needs_a_purpose_and_a_rule_that_can_be_read(
    cast: Cast, fields: dict[str, Any], words: str
) -> None:
    group = save_group(None, name="风格", position=0, by=TESTER)
    wanted = {"name": "新标签", "reason": "挑新品", "rule": RULE, "is_offered": True, **fields}
    with pytest.raises(TagUnfit, match=words):
        save_tag(None, group_id=group.pk, by=TESTER, **wanted)


def test_a_rule_taken_away_takes_its_tags_and_a_retired_tag_all(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    wu = a_member("吴桐", owner=None, store=cast.guomao)
    grant(wu, "profiling")
    tag = a_tag("有导购", rule=RULE)
    carry_out_rule(tag.pk)
    tap_tag(wu.pk, tag.public_id, on=True, by=TESTER)
    save_tag(
        tag.pk,
        group_id=tag.group_id,
        name=tag.name,
        reason="挑新品",
        rule=None,
        is_offered=True,
        by=TESTER,
    )
    assert list(MemberTag.objects.values_list("member", flat=True)) == [wu.pk]
    assert retire_tag(tag.pk, by=TESTER)
    assert not retire_tag(tag.pk, by=TESTER)
    assert not MemberTag.objects.exists()


def test_her_copy_tells_each_tag_with_its_purpose(cast: Cast) -> None:
    grant(cast.chen, "profiling")
    tap(cast, a_tag("喜欢羊绒", reason="到货时先告诉她"))
    with scope_of(Actor.system("copy")):
        rows = of_member(cast.chen)[0].rows
    assert (rows[0]["tag"], rows[0]["reason"]) == ("喜欢羊绒", "到货时先告诉她")


# ---------------------------------------------------------------- who wins

EARLY, LATE = datetime(2026, 1, 1), datetime(2026, 1, 2)  # noqa: DTZ001
HERE = (None, Act(EARLY), Act(LATE), Act(LATE, is_human=False))


def every_case() -> Iterator[Sides]:
    """All that one tag can be: tags are settled one by one, so this is everything."""
    for there, here, held, off, busy in product(
        (False, True), HERE, (None, False, True), (None, Act(EARLY), Act(LATE)), (False, True)
    ):
        yield Sides(
            there={"a"} if there else set(),
            here={} if here is None else {"a": here},
            held=None if held is None else {"a"} if held else set(),
            seen_at=EARLY,
            off={} if off is None or here is not None else {"a": off},
            busy={"a"} if busy else set(),
        )


def test_settling_makes_both_sides_equal_and_settling_again_does_nothing() -> None:
    for sides in every_case():
        found = settle(sides)
        ours = (set(sides.here) | found.take_on) - found.take_off
        wecoms = (set(sides.there) | found.push_on) - found.push_off
        assert ours - set(sides.busy) == wecoms - set(sides.busy), sides
        if sides.busy:
            assert found == Settlement(), sides
            continue
        acts = {key: sides.here.get(key, Act(EARLY)) for key in ours}
        assert settle(replace(sides, there=wecoms, here=acts, held=wecoms)) == Settlement()


def test_a_rule_is_no_word_of_a_person() -> None:
    """WeCom's removal beats a rule's act, however late the rule was."""
    by_rule = Sides(set(), {"a": Act(LATE, is_human=False)}, {"a"}, EARLY)
    by_hand = Sides(set(), {"a": Act(LATE)}, {"a"}, EARLY)
    assert settle(by_rule).take_off == {"a"}
    assert settle(by_hand).push_on == {"a"}


def test_small_words() -> None:
    assert standing_of("").value == "allowed"
    assert standing_of("left").value == "forbidden"
    assert standing_of("no_consent").value == "unasked"
    assert set(terms_in({"all": [{"tier": 1}, {"not": {"any": [{"tag": 2}]}}]})) == {"tier", "tag"}
    assert list(terms_in([])) == []
    assert fault_of_rule(RULE) == ""
