"""What is good once is good once: a card's code at many tills, an iPad's code on many phones.

Each has a control that does the same without the guard and shows the fault.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from members.identity.access import actor_of_member
from members.identity.models import Member
from members.registration.clock import database_now
from members.registration.invitations import (
    InvitationGone,
    at_her_store,
    begin_registration,
    take_invitation,
)
from members.registration.models import Registration, Scene
from members.registration.models_of_codes import RosterChoice, RosterKind
from members.registration.models_of_tills import CardCode
from members.registration.rosters import choose_guide, make_roster_code
from members.registration.tills import show_card, verify_card
from stores.org.access import actor_of_guide
from stores.org.models import MachineKey
from stores.org.models_of_duty import Shift
from tests.cast import Cast, make_cast
from tests.members.builders import TESTER
from tests.races.together import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
TILLS = 8


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def keys(cast: Cast) -> list[int]:
    return [
        MachineKey.objects.create(name=f"t{n}", source=f"t{n}", digest=f"{n}", scopes=[]).pk
        for n in range(TILLS)
    ]


def test_of_many_tills_one_gets_her(cast: Cast, keys: list[int]) -> None:
    """F-44: the same code, photographed, at every till in the same moment."""
    text = show_card(cast.chen.pk, by=actor_of_member(cast.chen)).text
    found = all_at_once(
        [partial(verify_card, key, code=text, entity_id=cast.entity.pk, by=TESTER) for key in keys]
    )
    assert [member for member in found if member is not None] == [cast.chen]
    assert CardCode.objects.exclude(used_at=None).count() == 1


@action
def _verify_by_looking(key: int, row: int, *, by: Actor) -> bool:
    """The control: look whether it was used, then write that it is."""
    code = CardCode.objects.get(pk=row)
    was_free = code.used_at is None
    code.used_at, code.used_by_id = database_now(), key
    code.save(update_fields=["used_at", "used_by"])
    return was_free


def test_control_looking_first_lets_several_in(cast: Cast, keys: list[int]) -> None:
    several = 0
    for _ in range(20):
        CardCode.objects.all().delete()
        show_card(cast.chen.pk, by=actor_of_member(cast.chen))
        row = CardCode.objects.get().pk
        free = all_at_once([partial(_verify_by_looking, key, row, by=TESTER) for key in keys])
        several = max(several, free.count(True))
        if several > 1:
            return
    assert several > 1


def test_an_ipads_code_is_one_persons(cast: Cast) -> None:
    by = at_her_store(actor_of_guide(cast.lin), cast.lin)
    invitation = begin_registration(cast.lin.pk, client_id=uuid.uuid4(), by=by)
    taken = all_at_once([partial(take_invitation, invitation.pk, by=TESTER) for _ in range(TILLS)])
    assert sum(isinstance(one, Registration) for one in taken) == 1
    assert sum(isinstance(one, InvitationGone) for one in taken) == TILLS - 1
    assert Registration.objects.count() == 1


def test_two_pages_of_hers_show_one_code(cast: Cast) -> None:
    by = actor_of_member(cast.chen)
    shown = all_at_once([partial(show_card, cast.chen.pk, by=by) for _ in range(TILLS)])
    # Should the slice have turned in between, there are two codes and two rows.
    assert len({one.text for one in shown if not isinstance(one, Exception)}) == (
        CardCode.objects.count()
    )
    assert not [one for one in shown if isinstance(one, Exception)]


def test_scans_in_the_same_moment_are_shared_evenly(cast: Cast) -> None:
    now = timezone.now()
    for guide in (cast.lin, cast.zhou):
        Shift.objects.create(
            guide=guide, store=cast.guomao, begins_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=1),
        )  # fmt: skip
    roster = make_roster_code(
        kind=RosterKind.ROSTER, store_id=cast.guomao.pk, scene=Scene.ENTRANCE, by=TESTER
    )
    all_at_once([partial(choose_guide, roster.pk, cast.guomao.pk, by=TESTER) for _ in range(TILLS)])
    led = [RosterChoice.objects.filter(guide=guide).count() for guide in (cast.lin, cast.zhou)]
    assert led == [TILLS // 2, TILLS // 2]
    assert Member.objects.count() == 1
