"""What an action promises: one transaction, the actor's scope, no action inside an action."""

from __future__ import annotations

import pytest
from django.db import transaction

from kit.actions import NotInAction, action, must_be_in_action, scope_of
from kit.actor import Actor
from members.identity.models import Member
from stores.org.access import actor_of
from tests.cast import Cast, a_member


@action
def rename(member: Member, *, name: str, by: Actor) -> None:
    found = Member.objects.get(pk=member.pk)
    found.name = name
    found.save(update_fields=["name"])


@action
def rename_twice(member: Member, *, by: Actor) -> None:
    rename(member, name="不该写入", by=by)


def test_a_guide_changes_her_own_member(cast: Cast) -> None:
    rename(cast.chen, name="陈小静", by=actor_of(cast.lin.account))
    assert Member.objects.get(pk=cast.chen.pk).name == "陈小静"


def test_another_guide_does_not_even_meet_her(cast: Cast) -> None:
    with pytest.raises(Member.DoesNotExist):
        rename(cast.chen, name="不该写入", by=actor_of(cast.zhou.account))


def test_her_manager_meets_her_and_a_manager_elsewhere_would_not(cast: Cast) -> None:
    a_member("远方", owner=cast.ma, store=cast.wangjing)
    with scope_of(actor_of(cast.manager.account)):
        assert [m.name for m in Member.objects.all()] == ["陈静"]
    with scope_of(actor_of(cast.hq)):
        assert Member.objects.count() == 2


def test_reading_cannot_write(cast: Cast) -> None:
    with pytest.raises(Exception, match="read-only"), scope_of(actor_of(cast.lin.account)):
        Member.objects.filter(pk=cast.chen.pk).update(tier="gold")


@pytest.mark.django_db(transaction=True)
def test_an_action_inside_an_action_is_refused() -> None:
    member = Member(pk=1)
    with pytest.raises(RuntimeError, match="durable"):
        rename_twice(member, by=Actor.system("test"))


def test_a_step_outside_an_action_is_refused(db: None) -> None:
    with transaction.atomic(), pytest.raises(NotInAction):
        must_be_in_action()
