"""A group equals WeCom's list, in whatever order and number the news of its changes come."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from groups.chats import actions
from groups.chats.inbound import contact_known, group_changed, group_found
from groups.chats.models import Group, GroupMember, GroupState
from kit.events import DomainEvent, NotYet
from kit.fields import shown_id
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast, a_member
from tests.groups.builders import TESTER, World, an_event
from tests.members.builders import a_contact
from wecom.directory.sweeping import sweep_through
from wecom.gateway import gateway_of


def a_group(world: World, cast: Cast, *customers: str) -> str:
    """A group of Lin's in the sandbox, with customers."""
    world.control(
        "seed",
        {"customers": [{"external_userid": i, "name": f"客{i[-1]}"} for i in customers]},
    )
    made = world.control(
        "acts/create_group",
        {"owner": cast.lin.wecom_userid, "name": "暖冬会员群", "members": list(customers)},
    )
    return str(made["chat_id"])


def changed(chat_id: str) -> DomainEvent:
    return an_event(
        "wecom.change_external_chat.update",
        f"group:{chat_id}",
        chat_id=chat_id,
        created_at=int((timezone.now() - timedelta(minutes=5)).timestamp()),
    )


def present(chat_id: str) -> set[str]:
    stays = GroupMember.objects.filter(group__chat_id=chat_id, left_at=None, is_staff=False)
    return set(stays.values_list("person_id", flat=True))


def test_a_group_is_read_from_the_list_with_owner_and_store(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA", "wmB")
    group_changed(changed(chat_id))
    group = Group.objects.get(chat_id=chat_id)
    assert (group.owner, group.store, group.name) == (cast.lin, cast.guomao, "暖冬会员群")
    assert (group.member_count, group.customer_count) == (3, 2)
    assert present(chat_id) == {"wmA", "wmB"}
    assert Touch.objects.filter(kind=TouchKind.GROUP_JOIN, guide_no=cast.lin.pk).count() == 2


def test_shuffled_and_doubled_news_end_in_wecoms_own_list(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA", "wmB", "wmC", "wmD")
    group_changed(changed(chat_id))
    news = []
    for act, who in [
        ("leave_group", "wmA"), ("leave_group", "wmB"), ("join_group", "wmA"),
        ("leave_group", "wmC"), ("join_group", "wmC"), ("leave_group", "wmA"),
    ]:  # fmt: skip
        world.control(f"acts/{act}", {"chat_id": chat_id, "customer": who})
        news += [changed(chat_id)] * 2
    random.Random(7).shuffle(news)  # noqa: S311 - an order, not a secret
    for event in news:
        group_changed(event)
    told = {person.id for person in gateway_of().group(chat_id).members if not person.is_staff}
    assert present(chat_id) == told
    assert present(chat_id) == {"wmC", "wmD"}
    group = Group.objects.get(chat_id=chat_id)
    assert group.customer_count == 2
    # Each joining that was seen stands once, however often its news came.
    joined = Touch.objects.filter(kind=TouchKind.GROUP_JOIN).count()
    assert joined == GroupMember.objects.filter(group=group, is_staff=False).count()


def test_a_list_asked_for_earlier_is_not_laid_over_a_newer_one(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA", "wmB")
    asked_at = timezone.now()
    old = gateway_of().group(chat_id)
    world.control("acts/leave_group", {"chat_id": chat_id, "customer": "wmA"})
    group_changed(changed(chat_id))
    actions.take_over_list(old, asked_at=asked_at, by=TESTER)
    assert present(chat_id) == {"wmB"}


def test_a_known_contact_is_a_member_in_the_group_and_in_the_touch(
    world: World, cast: Cast
) -> None:
    chat_id = a_group(world, cast, "wmChen")
    a_contact(cast.lin, external_userid="wmChen", member=cast.chen)
    group_changed(changed(chat_id))
    assert GroupMember.objects.get(person_id="wmChen").member == cast.chen
    touch = Touch.objects.get(kind=TouchKind.GROUP_JOIN)
    assert (touch.member_no, touch.source) == (
        cast.chen.pk,
        shown_id(Group.objects.get().public_id),
    )


def test_who_is_known_later_is_named_in_her_open_stay(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmChen")
    group_changed(changed(chat_id))
    contact = a_contact(cast.lin, external_userid="wmChen", member=cast.chen)
    contact_known(an_event("contact_joined", "x", contact=contact.pk))
    assert GroupMember.objects.get(person_id="wmChen").member == cast.chen
    # A contact of another legal entity's stores is another matter.
    other = a_contact(
        cast.ma, external_userid="wmChen", member=a_member("远", owner=None, store=cast.wangjing)
    )
    contact_known(an_event("contact_joined", "x", contact=other.pk))
    assert GroupMember.objects.get(person_id="wmChen").member == cast.chen


def test_a_list_from_before_the_change_is_asked_for_again(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA")
    group_changed(changed(chat_id))
    fresh = an_event(
        "wecom.change_external_chat.update",
        f"group:{chat_id}",
        chat_id=chat_id,
        created_at=int(timezone.now().timestamp()),
        cur_mem_ver="a version that the list does not show yet",
    )
    with pytest.raises(NotYet):
        group_changed(fresh)


def test_a_dismissed_group_closes_its_stays(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA")
    group_changed(changed(chat_id))
    world.control("acts/dismiss_group", {"chat_id": chat_id})
    group_changed(changed(chat_id))
    assert Group.objects.get().state == GroupState.DISMISSED
    assert present(chat_id) == set()
    assert not Touch.objects.filter(kind=TouchKind.GROUP_LEAVE).exists()


def test_a_group_of_nobody_we_know_is_skipped(world: World, cast: Cast) -> None:
    world.control("seed", {"members": [{"userid": "stranger", "name": "外", "department": [1]}]})
    made = world.control(
        "acts/create_group", {"owner": "stranger", "name": "别处的群", "members": []}
    )
    group_changed(changed(made["chat_id"]))
    assert not Group.objects.exists()


def test_a_group_given_to_somebody_who_is_no_guide_is_nobodys_until_a_guide_has_it(
    world: World, cast: Cast
) -> None:
    chat_id = a_group(world, cast, "wmA")
    group_changed(changed(chat_id))
    card = gateway_of().group(chat_id)
    assert (
        actions.take_over_list(
            replace(card, owner_userid="stranger", member_version="v2"),
            asked_at=timezone.now(),
            by=TESTER,
        )
        is None
    )
    group = Group.objects.get()
    assert (group.state, Group.objects.active().count()) == (GroupState.FOREIGN, 0)
    # An answer asked for earlier changes nothing.
    actions.take_over_list(card, asked_at=timezone.now() - timedelta(minutes=1), by=TESTER)
    assert not Group.objects.active().exists()
    actions.take_over_list(
        replace(card, owner_userid="zhouning"), asked_at=timezone.now(), by=TESTER
    )
    assert Group.objects.active().get().owner == cast.zhou


def test_open_screens_are_told_of_changes_only(
    world: World,
    cast: Cast,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    chat_id = a_group(world, cast, "wmA")
    group_changed(changed(chat_id))
    with django_capture_on_commit_callbacks() as told:
        sweep_through("groups")
    assert Group.objects.get().read_at > timezone.now() - timedelta(minutes=1)
    of_groups = [one for one in told if "announce" in one.__qualname__]
    assert of_groups == []
    world.control("acts/leave_group", {"chat_id": chat_id, "customer": "wmA"})
    with django_capture_on_commit_callbacks() as told:
        sweep_through("groups")
    assert [one for one in told if "announce" in one.__qualname__]


def test_the_nightly_list_finds_what_no_event_told(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA")
    sweep_through("groups")
    assert present(chat_id) == {"wmA"}
    world.control("acts/leave_group", {"chat_id": chat_id, "customer": "wmA"})
    sweep_through("groups")
    assert present(chat_id) == set()


def test_a_code_without_a_picture_gets_it_later_and_is_not_made_again(
    world: World, cast: Cast
) -> None:
    chat_id = a_group(world, cast, "wmA")
    group_changed(changed(chat_id))
    found = an_event("group_found", f"group:{chat_id}", chat_id=chat_id)
    world.control("faults", {"path": "externalcontact/groupchat/get_join_way", "errcode": 60011})
    with pytest.raises(NotYet):
        group_found(found)
    config_id = Group.objects.get().join_config_id
    group_found(found)
    group = Group.objects.get()
    assert (group.join_config_id, bool(group.join_code_url)) == (config_id, True)


def test_a_new_group_gets_one_code(world: World, cast: Cast) -> None:
    chat_id = a_group(world, cast, "wmA")
    group_changed(changed(chat_id))
    found = an_event("group_found", f"group:{chat_id}", chat_id=chat_id)
    group_found(found)
    config_id = Group.objects.get().join_config_id
    group_found(found)
    group = Group.objects.get()
    assert config_id
    assert (group.join_config_id, bool(group.join_code_url)) == (config_id, True)
    world.control("seed", {"customers": [{"external_userid": "wmB", "name": "乙"}]})
    scanned = world.control("acts/join_group", {"customer": "wmB", "config_id": config_id})
    assert scanned["chat_id"] == chat_id
