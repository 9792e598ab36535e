"""Tags against WeCom's: both sides end equal, in few calls, and no word goes round in circles."""

from __future__ import annotations

import os
import random

import pytest
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.consent.actions import decide, leave_membership
from members.identity.models import Friendship, Member
from members.tags.actions import carry_out_rule, tap_tag
from members.tags.models import MemberTag, PairTags, Tag, TagSource, TagTakenOff
from members.tags.settling import US, Told, end_wish, settle_pair
from members.tags.steps import forget_member, set_tags
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, grant
from tests.members.tags.builders import (
    a_corp_tag,
    a_friend,
    at_wecom,
    edit_at_wecom,
    here,
    run_house,
)
from tests.members.tags.conftest import TAGS
from tests.sandbox import CHEN, WU, Sandbox
from wecom.directory.sweeping import sweep_through
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow, OutboxState

# `TAG_EDITS=200` tries more of them.
EDITS = int(os.environ.get("TAG_EDITS", "60"))


@pytest.fixture
def tags(db: None) -> list[Tag]:
    return [a_corp_tag(number) for number in range(TAGS)]


@action
def by_rule(member: Member, tag: Tag, *, on: bool, by: Actor) -> bool:
    add, remove = ([tag], []) if on else ([], [tag])
    return set_tags(member, add=add, remove=remove, source=TagSource.RULE)


def marks(wecom: Sandbox) -> int:
    return len(wecom.calls("/cgi-bin/externalcontact/mark_tag"))


def some_edit(wecom: Sandbox, pair: Friendship, tag: Tag, dice: random.Random) -> None:
    """Somebody, somewhere, changes one tag of one pair's member; at WeCom perhaps untold."""
    member, key, on = pair.contact.member, str(tag.wecom_tag_id), dice.random() < 0.6
    assert member is not None
    who = dice.choice(["guide", "guide", "wecom", "rule"])
    if who == "guide":
        tap_tag(member.pk, tag.public_id, on=on, by=TESTER)
    elif who == "rule":
        by_rule(member, tag, on=on, by=TESTER)
    else:
        add, remove = ([key], []) if on else ([], [key])
        edit_at_wecom(wecom, pair, add=add, remove=remove, is_told=dice.random() < 0.7)


def read_all_again() -> None:
    """Every pair is read at WeCom and compared."""
    PairTags.objects.update(must_read=True, stale_since=timezone.now())
    run_house()


def test_random_edits_from_both_sides_end_equal_in_few_calls(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    """Chen has two guides, Wu one; guides edit here and there, rules too, news gets lost."""
    wu = a_member("吴桐", owner=cast.lin, store=cast.guomao)
    grant(cast.chen, "profiling")
    grant(wu, "profiling")
    pairs = [
        a_friend(cast.lin, CHEN, cast.chen, wecom),
        a_friend(cast.zhou, CHEN, cast.chen, wecom),
        a_friend(cast.lin, WU, wu, wecom),
    ]
    dice = random.Random(4)  # noqa: S311 - a test's own order
    for edit in range(EDITS):
        some_edit(wecom, dice.choice(pairs), dice.choice(tags), dice)
        if edit % 20 == 0:
            run_house()
    run_house()
    read_all_again()
    for pair in pairs:
        assert pair.contact.member is not None
        assert at_wecom(pair) == here(pair.contact.member)
    settled = marks(wecom)
    assert settled <= EDITS
    assert len(wecom.calls("/cgi-bin/externalcontact/get")) <= 2 * EDITS
    # Nothing is left to say: reading everything again changes nothing at WeCom.
    read_all_again()
    assert marks(wecom) == settled


def test_what_a_guide_tags_inside_wecom_is_hers_and_goes_to_her_other_guide(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    grant(cast.chen, "profiling")
    lins = a_friend(cast.lin, CHEN, cast.chen, wecom)
    zhous = a_friend(cast.zhou, CHEN, cast.chen, wecom)
    edit_at_wecom(wecom, lins, add=["etTag0"])
    run_house()
    row = MemberTag.objects.get(member=cast.chen)
    assert (row.tag, row.source, row.by) == (tags[0], TagSource.WECOM, "wecom:linxiao")
    assert at_wecom(zhous) == {"etTag0"}
    # What came from Lin's pair is not carried back to it.
    assert [
        call["body"]["userid"] for call in wecom.calls("/cgi-bin/externalcontact/mark_tag")
    ] == ["zhouning"]


def test_a_tag_taken_off_inside_wecom_stays_off_whatever_a_rule_says(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    tag = tags[0]
    tag.rule = {"has_owner": True}
    tag.save()
    assert carry_out_rule(tag.pk) == 1
    run_house()
    assert at_wecom(pair) == {"etTag0"}
    edit_at_wecom(wecom, pair, remove=["etTag0"])
    run_house()
    assert carry_out_rule(tag.pk) == 0
    run_house()
    assert (here(cast.chen), at_wecom(pair)) == (set(), set())


def test_the_last_act_of_a_person_wins_over_older_news(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    """A guide tagged inside WeCom; before its news arrived another put on and took off here."""
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    settle_pair(pair.pk, Told(frozenset(), timezone.now(), timezone.now()), by=US)
    long_ago = timezone.now()
    edit_at_wecom(wecom, pair, add=["etTag0"], is_told=False)
    tap_tag(cast.chen.pk, tags[0].public_id, on=True, by=TESTER)
    tap_tag(cast.chen.pk, tags[0].public_id, on=False, by=TESTER)
    settle_pair(pair.pk, Told(frozenset({"etTag0"}), timezone.now(), long_ago), by=US)
    run_house()
    assert (here(cast.chen), at_wecom(pair)) == (set(), set())


def test_nothing_is_concluded_from_an_answer_older_than_what_is_known(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    """WeCom was asked, then our own mark arrived: the old answer lacks it, and proves nothing."""
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    settle_pair(pair.pk, Told(frozenset(), timezone.now(), timezone.now()), by=US)
    asked_at = timezone.now()
    tap_tag(cast.chen.pk, tags[0].public_id, on=True, by=TESTER)
    run_house()
    settle_pair(pair.pk, Told(frozenset(), asked_at, asked_at), by=US)
    run_house()
    assert here(cast.chen) == {"etTag0"} == at_wecom(pair)


def test_a_wish_on_its_way_is_neither_doubled_nor_judged(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    settle_pair(pair.pk, Told(frozenset(), timezone.now(), timezone.now()), by=US)
    tap_tag(cast.chen.pk, tags[0].public_id, on=True, by=TESTER)
    settle_pair(pair.pk, None, by=US)
    row = OutboxRow.objects.get(kind="tag_mark")
    OutboxRow.objects.update(
        state=OutboxState.SENDING, claim=row.public_id, claimed_at=timezone.now()
    )
    # Somebody reads the pair meanwhile, and a second tag is tapped.
    settle_pair(pair.pk, Told(frozenset(), timezone.now(), timezone.now()), by=US)
    tap_tag(cast.chen.pk, tags[1].public_id, on=True, by=TESTER)
    settle_pair(pair.pk, None, by=US)
    assert OutboxRow.objects.filter(kind="tag_mark").count() == 1
    assert here(cast.chen) == {"etTag0", "etTag1"}
    wecom.act("edit_customer", userid="linxiao", customer=CHEN, add_tags=["etTag0"], remove_tags=[])
    OutboxRow.objects.update(state=OutboxState.SENT)
    assert end_wish(row.once, was_done=True, by=US)
    assert not end_wish(row.once, was_done=True, by=US)
    run_house()
    assert at_wecom(pair) == {"etTag0", "etTag1"} == here(cast.chen)


@pytest.mark.parametrize("way", ["withdraw", "leave"])
def test_withdrawn_profiling_leaves_no_tag_here_or_at_wecom_and_no_rule_sets_one(
    wecom: Sandbox, cast: Cast, tags: list[Tag], way: str
) -> None:
    grant(cast.chen, "profiling", "direct_marketing")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    tags[1].rule = {"has_owner": True}
    tags[1].save()
    tap_tag(cast.chen.pk, tags[0].public_id, on=True, by=TESTER)
    carry_out_rule(tags[1].pk)
    edit_at_wecom(wecom, pair, add=["etTag2"])
    run_house()
    assert at_wecom(pair) == {"etTag0", "etTag1", "etTag2"}
    if way == "leave":
        leave_membership(cast.chen.pk, by=TESTER)
    else:
        decide(cast.chen.pk, {"profiling": False}, by=TESTER)
    run_house()
    assert not MemberTag.objects.filter(member=cast.chen).exists()
    assert not TagTakenOff.objects.filter(member=cast.chen).exists()
    assert at_wecom(pair) == set()
    carry_out_rule(tags[1].pk)
    edit_at_wecom(wecom, pair, add=["etTag3"])
    run_house()
    assert not MemberTag.objects.filter(member=cast.chen).exists()
    assert at_wecom(pair) == set()


def test_who_was_never_asked_keeps_wecoms_tags_and_none_come_here(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    edit_at_wecom(wecom, pair, add=["etTag0"])
    run_house()
    assert (here(cast.chen), at_wecom(pair)) == (set(), {"etTag0"})
    grant(cast.chen, "profiling")
    run_house()
    assert here(cast.chen) == {"etTag0"} == at_wecom(pair)


def test_a_wish_is_held_back_when_she_withdrew_before_it_went(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    settle_pair(pair.pk, Told(frozenset(), timezone.now(), timezone.now()), by=US)
    tap_tag(cast.chen.pk, tags[0].public_id, on=True, by=TESTER)
    settle_pair(pair.pk, None, by=US)
    decide(cast.chen.pk, {"profiling": False}, by=TESTER)
    deliver(OutboxRow.objects.get(kind="tag_mark").pk)
    assert OutboxRow.objects.get(kind="tag_mark").state == OutboxState.VETOED
    assert marks(wecom) == 0
    run_house()
    assert (here(cast.chen), at_wecom(pair)) == (set(), set())


def test_the_sweep_finds_edits_of_which_no_callback_told(
    wecom: Sandbox, cast: Cast, tags: list[Tag]
) -> None:
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    edit_at_wecom(wecom, pair, add=["etTag0"], is_told=False)
    sweep_through("contacts")
    assert here(cast.chen) == {"etTag0"}


def test_corp_tags_become_tags_of_ours_and_go_with_them(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("tags")
    assert Tag.objects.filter(wecom_tag_id__startswith="etTag").count() == TAGS
    grant(cast.chen, "profiling")
    tap_tag(cast.chen.pk, Tag.objects.get(wecom_tag_id="etTag0").public_id, on=True, by=TESTER)
    wecom.act("rename_tag", id="etTag1", name="爱穿裙装")
    wecom.act("delete_tag", id="etTag0")
    sweep_through("tags")
    assert Tag.objects.get(wecom_tag_id="etTag1").name == "爱穿裙装"
    assert Tag.objects.get(wecom_tag_id="etTag0").retired_at is not None
    assert not MemberTag.objects.exists()


def test_a_forgotten_member_leaves_no_row(wecom: Sandbox, cast: Cast, tags: list[Tag]) -> None:
    grant(cast.chen, "profiling")
    a_friend(cast.lin, CHEN, cast.chen, wecom)
    tap_tag(cast.chen.pk, tags[0].public_id, on=True, by=TESTER)
    tap_tag(cast.chen.pk, tags[1].public_id, on=True, by=TESTER)
    tap_tag(cast.chen.pk, tags[1].public_id, on=False, by=TESTER)
    forget(cast.chen, by=TESTER)
    assert not MemberTag.objects.exists()
    assert not TagTakenOff.objects.exists()
    assert not PairTags.objects.exists()


@action
def forget(member: Member, *, by: Actor) -> None:
    forget_member(member, timezone.now())


def test_pairs_of_friends_who_parted_rest(wecom: Sandbox, cast: Cast, tags: list[Tag]) -> None:
    grant(cast.chen, "profiling")
    pair = a_friend(cast.lin, CHEN, cast.chen, wecom)
    Friendship.objects.filter(pk=pair.pk).update(until=timezone.now())
    settle_pair(pair.pk, Told(frozenset({"etTag0"}), timezone.now(), timezone.now()), by=US)
    assert here(cast.chen) == set()
