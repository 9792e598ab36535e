"""The map counts real rows, its gaps are their audiences, and tomorrow's shows the change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from members.audience.models import Audience
from members.behaviour.models import BehaviourEvent
from members.consent.actions import leave_membership
from members.datamap.actions import draw_map
from members.datamap.models import MapDay
from members.datamap.pictures import picture_of
from members.datamap.queries import newest_maps
from members.datamap.rules import (
    GAPS,
    IDENTIFIERS,
    NO_PLAY,
    NOT_CONNECTED,
    TOUCHPOINTS,
    Cells,
    Combo,
    cells_of,
    percent,
)
from members.identity.models import IdentityKind, Member
from members.tags.queries import members_of_rule
from stores.ledger.models import MergedMember, Touch, TouchKind
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member, an_identity
from tests.members.builders import TESTER, a_contact
from tests.members.profile.test_own_pages import a_purchase


def a_touch(member: Member, kind: TouchKind, *, source: str = "", days: int = 1) -> None:
    at = timezone.now() - timedelta(days=days)
    Touch.objects.create(kind=kind, member_no=member.pk, source=source, at=at)


@pytest.fixture
def life(cast: Cast) -> Cast:
    """Chen is a friend and bought; Wu bought; Li sits in a group; Zhao left; Sun was another."""
    chen = cast.chen
    a_contact(cast.lin, member=chen)
    a_purchase(chen, "R1")
    an_identity(chen, IdentityKind.OPENID, "oChen")
    wu, li, zhao, sun = (
        a_member(name, owner=cast.lin, store=cast.guomao)
        for name in ("吴桐", "李雪", "赵敏", "孙一")
    )
    a_purchase(wu, "R2")
    a_touch(li, TouchKind.GROUP_JOIN, source="wr1")
    a_touch(zhao, TouchKind.SCAN)
    leave_membership(zhao.pk, by=TESTER)
    # What Sun bought under her old number is hers.
    a_purchase(a_member("旧号", owner=None, store=cast.guomao, state="pending"), "R3")
    MergedMember.objects.create(member_no=Member.objects.get(state="pending").pk, into_no=sun.pk)
    BehaviourEvent.objects.create(
        member=wu,
        kind="opened",
        touchpoint="app",
        source="app",
        event_id="1",
        at=timezone.now() - timedelta(days=200),
    )
    return cast


def test_the_map_counts_real_rows(life: Cast) -> None:
    day = draw_map()
    cells = Cells.read(day.members, day.cells)
    assert cells.members == 4
    assert {point: n for point, n in cells.met.items() if n} == {
        "till": 3,
        "friend": 1,
        "group": 1,
        "app": 1,
    }
    assert cells.known["till"]["phone"] == 1
    assert cells.known["friend"]["openid"] == 1
    # Wu opened the app, but not lately.
    assert cells.lately["app"] == 0
    assert cells.lately["till"] == 3
    assert cells.gaps["till-friend"] == 2
    assert cells.gaps["group-friend"] == 1


def test_each_gap_is_its_audience(life: Cast) -> None:
    day = draw_map()
    with scope_of(TESTER):
        meant = {gap.key: members_of_rule(dict(gap.rule), timezone.now()).count() for gap in GAPS}
    assert day.cells["gaps"] == meant


def test_who_opened_nothing_online_stands_in_one_gap(life: Cast) -> None:
    cells = Cells.read(0, draw_map().cells)
    # Wu opened the app and bought; Chen and Sun bought and opened nothing; nobody opened alone.
    assert (cells.gaps["till-link"], cells.gaps["friend-online"]) == (2, 1)
    assert (cells.gaps["online-till"], cells.gaps["online-friend"]) == (0, 1)


def test_what_has_no_play_says_why(life: Cast) -> None:
    assert set(NO_PLAY) == set(IDENTIFIERS)
    # At these everybody is met by what the product does itself.
    assert set(TOUCHPOINTS) - set(NOT_CONNECTED) == {"store_ipad", "till", "friend", "group"}
    draw_map()
    newest, _ = newest_maps()
    assert newest is not None
    told = {one.title: one.members for one in picture_of(newest, None).unplayed}
    # Chen alone has an identity, an openid.
    assert told["没有OpenID"] == 3
    assert told["朋友圈"] is None
    assert "App" not in told


def test_who_left_a_group_is_not_in_it(life: Cast) -> None:
    number = Touch.objects.get(kind=TouchKind.GROUP_JOIN).member_no
    assert number is not None
    li = Member.objects.get(pk=number)
    a_touch(li, TouchKind.GROUP_LEAVE, source="wr1", days=0)
    assert draw_map().cells["met"]["group"] == 0


def test_tomorrows_map_shows_the_change(life: Cast) -> None:
    draw_map(at=timezone.now() - timedelta(days=1))
    wu = Member.objects.get(card_no="0000000002")
    a_contact(life.lin, external_userid="wmWu", member=wu)
    draw_map()
    draw_map()
    assert MapDay.objects.count() == 2
    newest, before = newest_maps()
    assert newest is not None
    picture = picture_of(newest, before)
    change = {marked.gap.key: marked.change for marked in picture.gaps}
    assert change["till-friend"] == -1


def test_the_night_asks_as_much_for_twenty_as_for_one(cast: Cast) -> None:
    a_purchase(cast.chen, "R1")
    with CaptureQueriesContext(connection) as one:
        draw_map()
    MapDay.objects.all().delete()
    for number in range(20):
        a_purchase(a_member(f"客人{number}", owner=None, store=cast.guomao), f"C{number}")
    with CaptureQueriesContext(connection) as twenty:
        draw_map()
    assert len(one) == len(twenty)


def test_shares_never_look_closed_while_somebody_is_missing() -> None:
    assert percent(999_990, 1_000_000) == 99
    assert percent(1, 1_000_000) == 1
    assert (percent(0, 5), percent(5, 5), percent(1, 0)) == (0, 100, 0)
    cells = cells_of([Combo(met=2, lately=0, known=1, members=7)])
    assert (cells.met["till"], cells.known["till"]["phone"]) == (7, 7)
    assert Cells.read(7, cells.plain()) == cells


def hq_page(account: Account, address: str, method: str = "get") -> tuple[int, str]:
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    answer = getattr(client, method)(address, follow=True)
    return answer.status_code, answer.content.decode()


def test_head_office_sees_the_picture_and_opens_a_play(life: Cast) -> None:
    address = reverse("admin:members_mapday_changelist")
    assert "还没有计算过" in hq_page(life.hq, address)[1]
    _, page = hq_page(life.hq, reverse("admin:members_mapday_draw"), "post")
    assert "▲ 2 位缺“企微好友”" in page
    assert "还没有接入" in page
    for _ in range(2):
        status, page = hq_page(
            life.hq, reverse("admin:members_mapday_play", args=["till-friend"]), "post"
        )
        assert status == 200
        assert "人群已备好" in page
    assert Audience.objects.get().rule == dict(GAPS[0].rule)
    missing = reverse("admin:members_mapday_play", args=["none"])
    assert hq_page(life.hq, missing, "post")[0] == 404


def test_who_answers_for_one_region_sees_no_map(life: Cast) -> None:
    """The numbers count every region."""
    east = Account.objects.create_user("east", PASSWORD, name="东区", is_staff=True)
    east.regions.add(life.east)
    east.user_permissions.set(Permission.objects.filter(content_type__model="mapday"))
    draw_map()
    assert hq_page(east, reverse("admin:members_mapday_changelist"))[0] == 403
    assert hq_page(east, reverse("admin:members_mapday_draw"), "post")[0] == 403
