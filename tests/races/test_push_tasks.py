"""Submitting, withdrawing and reading groups in the same moment, on connections of their own."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from groups.chats.actions import take_over_list
from groups.chats.models import Group, GroupMember
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.models import LIVE, PushTask
from groups.pushes.submission import submit_waiting
from groups.pushes.withdrawal import take_member_out
from members.consent.actions import decide
from members.consent.models import Purpose
from stores.ledger.models import Touch, TouchKind
from tests.cast import Cast, make_cast
from tests.groups.builders import TESTER, a_material, a_push, a_reachable_member
from tests.races.together import all_at_once
from wecom.gateway import GroupCard, GroupPerson
from wecom.outbox.models import OutboxRow, OutboxState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(transactional_db: None, settings: Any) -> Cast:
    settings.QUIET_HOURS = ""
    return make_cast()


def test_whoever_is_first_no_wish_to_send_holds_her(committed: Cast) -> None:
    material = a_material(committed.hq)
    for i in range(8):
        stays = a_reachable_member(None, committed.lin, f"留{i}")
        goes = a_reachable_member(None, committed.lin, f"走{i}")
        push = a_push(committed.hq, material)
        plan_push(push.pk, by=TESTER)
        launch_push(push.pk, by=TESTER)
        decide(goes.pk, {Purpose.DIRECT_MARKETING: False}, by=TESTER)
        outcomes = all_at_once(
            [
                partial(submit_waiting, media={}, by=TESTER),
                partial(take_member_out, goes.pk, by=TESTER),
                partial(submit_waiting, media={}, by=TESTER),
                partial(take_member_out, goes.pk, by=TESTER),
            ]
        )
        assert [one for one in outcomes if isinstance(one, Exception)] == []
        submit_waiting(media={}, by=TESTER)
        live = PushTask.objects.filter(push=push, state__in=LIVE)
        assert [goes.pk in task.members for task in live] == [False]
        assert stays.pk in live.get().members
        # Of several wishes, taken back and made anew, one is left.
        wishes = OutboxRow.objects.filter(kind="mass_send", state=OutboxState.PLANNED)
        assert wishes.count() == i + 1


def a_card(count: int) -> GroupCard:
    now = timezone.now() - timedelta(days=1)
    return GroupCard(
        chat_id="wrRace", name="群", owner_userid="linxiao", created_at=now, member_version="v1",
        members=tuple(
            GroupPerson(f"wm{i}", False, f"客{i}", "", now, 3, "") for i in range(count)
        ),
    )  # fmt: skip


def test_the_same_list_read_by_four_is_laid_over_once(committed: Cast) -> None:
    card = a_card(20)
    outcomes = all_at_once(
        [partial(take_over_list, card, asked_at=timezone.now(), by=TESTER) for _ in range(4)]
    )
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert Group.objects.get().customer_count == 20
    assert GroupMember.objects.filter(left_at=None).count() == GroupMember.objects.count() == 20
    assert Touch.objects.filter(kind=TouchKind.GROUP_JOIN).count() == 20


def test_without_the_lock_two_readers_would_write_the_same_stay(committed: Cast) -> None:
    """The control: both see nobody in the group, both write; only the constraint is left."""
    group = Group.objects.create(
        chat_id="wrRace", owner=committed.lin, store=committed.guomao, read_at=timezone.now()
    )
    both_have_looked = Barrier(2)

    def write() -> None:
        with transaction.atomic():
            seen = GroupMember.objects.filter(group=group, left_at=None).count()
            both_have_looked.wait(10)
            if not seen:
                GroupMember.objects.create(group=group, person_id="wm1", joined_at=timezone.now())

    outcomes = all_at_once([write, write])
    assert sum(isinstance(one, IntegrityError) for one in outcomes) == 1
