"""Codes behind which a store stands: who is chosen, by which rule, and what of a position stays."""

from __future__ import annotations

import io
import json
import logging
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.fields import shown_id
from members.registration.models import ChannelCode, Registration, Scene
from members.registration.models_of_codes import (
    ChosenBy,
    RosterBackup,
    RosterChoice,
    RosterCode,
    RosterKind,
)
from members.registration.rosters import (
    choose_guide,
    end_roster_code,
    make_roster_code,
    read_position,
)
from stores.org.models import Guide, OpeningHours, Store
from stores.org.models_of_duty import Shift
from tests.cast import Cast, a_store
from tests.members.builders import TESTER, a_notice


def on_duty_now(guide: Guide) -> None:
    now = timezone.now()
    Shift.objects.create(
        guide=guide, store=guide.store, begins_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip


def a_roster(store: Store, **fields: Any) -> RosterCode:
    return make_roster_code(
        kind=RosterKind.ROSTER, store_id=store.pk, scene=Scene.ENTRANCE, by=TESTER, **fields
    )


def chosen(roster: RosterCode, store: Store) -> Guide | None:
    code = choose_guide(roster.pk, store.pk, by=TESTER)
    return None if code is None else code.guide


def last_rule() -> str:
    newest = RosterChoice.objects.order_by("-pk").first()
    assert newest is not None
    return newest.rule


def test_who_is_on_duty_shares_the_scans_evenly(cast: Cast) -> None:
    on_duty_now(cast.lin)
    on_duty_now(cast.zhou)
    roster = a_roster(cast.guomao)
    led_to = Counter(chosen(roster, cast.guomao) for _ in range(10))
    assert led_to == {cast.lin: 5, cast.zhou: 5}
    assert last_rule() == ChosenBy.DUTY
    # One code of hers behind the shared one, however often it is scanned.
    assert ChannelCode.objects.filter(roster=roster).count() == 2


def test_then_a_backup_then_the_manager_then_anyone(cast: Cast) -> None:
    roster = a_roster(cast.guomao)
    RosterBackup.objects.create(roster=roster, guide=cast.zhou)
    assert (chosen(roster, cast.guomao), last_rule()) == (cast.zhou, ChosenBy.BACKUP)
    cast.zhou.left_on = timezone.localdate()
    cast.zhou.save()
    assert (chosen(roster, cast.guomao), last_rule()) == (cast.manager, ChosenBy.MANAGER)
    cast.manager.left_on = timezone.localdate()
    cast.manager.save()
    assert (chosen(roster, cast.guomao), last_rule()) == (cast.lin, ChosenBy.ANYONE)
    cast.lin.left_on = timezone.localdate()
    cast.lin.save()
    assert (chosen(roster, cast.guomao), last_rule()) == (None, ChosenBy.NOBODY)


def test_a_backup_of_another_company_is_never_asked(cast: Cast) -> None:
    roster = a_roster(cast.guomao)
    RosterBackup.objects.create(roster=roster, guide=cast.ma)
    assert chosen(roster, cast.guomao) == cast.manager


def test_a_scan_leads_to_a_guides_page_and_stays_with_her(cast: Cast) -> None:
    a_notice(cast.entity)
    on_duty_now(cast.lin)
    on_duty_now(cast.zhou)
    roster, phone = a_roster(cast.guomao), Client()
    address = reverse("member-roster", args=[roster.token])
    first = phone.get(address)
    assert first.status_code == 302
    assert phone.get(first.headers["Location"]).status_code == 200
    # The same phone again: the same guide, and nobody's turn is used up.
    assert phone.get(address).headers["Location"] == first.headers["Location"]
    assert RosterChoice.objects.count() == 1
    visit = Registration.objects.get()
    assert visit.channel_code.roster == roster
    # What looks ahead for a messenger is no scan.
    assert Client().head(address).status_code == 200
    assert RosterChoice.objects.count() == 1


def test_an_ended_code_is_the_same_nothing_as_one_that_never_was(cast: Cast) -> None:
    on_duty_now(cast.lin)
    roster = a_roster(cast.guomao)
    code = choose_guide(roster.pk, cast.guomao.pk, by=TESTER)
    assert code is not None
    end_roster_code(roster.pk, by=TESTER)
    ended = Client().get(reverse("member-roster", args=[roster.token]))
    never = Client().get(reverse("member-roster", args=["A" * 22]))
    behind = Client().get(reverse("member-join", args=[code.token]))
    assert [answer.status_code for answer in (ended, never, behind)] == [404, 404, 404]
    assert ended.content == never.content


# ---------------------------------------------------------------- the nearest store


@pytest.fixture
def nearest(cast: Cast) -> RosterCode:
    """Guomao and Wangjing on the map; both open the whole day."""
    for store, place in (
        (cast.guomao, ("39.908", "116.460")),
        (cast.wangjing, ("39.996", "116.474")),
    ):
        Store.objects.filter(pk=store.pk).update(latitude=place[0], longitude=place[1])
    OpeningHours.objects.all().delete()
    return make_roster_code(kind=RosterKind.NEAREST, scene=Scene.ONLINE, by=TESTER)


def near(code: RosterCode, latitude: str, longitude: str) -> str:
    answer = Client().post(
        reverse("member-roster-near", args=[code.token]),
        {"latitude": latitude, "longitude": longitude},
    )
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_the_nearest_open_store_is_chosen(cast: Cast, nearest: RosterCode) -> None:
    assert shown_id(cast.wangjing.public_id) in near(nearest, "39.990", "116.470")
    assert shown_id(cast.guomao.public_id) in near(nearest, "39.910", "116.462")
    # Closed today: the next one that is open.
    OpeningHours.objects.create(store=cast.guomao, since="2024-01-01")
    assert shown_id(cast.wangjing.public_id) in near(nearest, "39.910", "116.462")


def test_where_all_are_closed_the_list_comes_nearest_first(cast: Cast, nearest: RosterCode) -> None:
    for store in (cast.guomao, cast.wangjing):
        OpeningHours.objects.create(store=store, since="2024-01-01")
    answer = Client().post(
        reverse("member-roster-near", args=[nearest.token]),
        {"latitude": "39.990", "longitude": "116.470"},
    )
    page = answer.content.decode()
    assert "打烊" in page
    assert page.index("望京店") < page.index("国贸店")


def test_who_tells_no_position_chooses_from_the_list(cast: Cast, nearest: RosterCode) -> None:
    page = Client().get(reverse("member-roster", args=[nearest.token])).content.decode()
    assert "国贸店" in page
    assert "望京店" in page
    phone = Client()
    led = phone.get(reverse("member-roster-at", args=[nearest.token, cast.wangjing.public_id]))
    code = ChannelCode.objects.get(roster=nearest)
    assert led.headers["Location"] == reverse("member-join", args=[code.token])
    assert code.guide == cast.ma
    assert near(nearest, "nan", "x") == reverse("member-roster", args=[nearest.token])


def test_a_regions_code_knows_no_store_of_another(cast: Cast) -> None:
    east = make_roster_code(
        kind=RosterKind.NEAREST, region_id=cast.east.pk, scene=Scene.ONLINE, by=TESTER
    )
    elsewhere = reverse("member-roster-at", args=[east.token, cast.wangjing.public_id])
    assert Client().get(elsewhere).status_code == 404
    assert (
        "望京店" not in Client().get(reverse("member-roster", args=[east.token])).content.decode()
    )


def test_a_position_is_one_on_earth() -> None:
    assert read_position("39.9", "116.4") == (39.9, 116.4)
    for said in (("", ""), ("91", "0"), ("0", "181"), ("nan", "0"), ("inf", "0")):
        assert read_position(*said) is None


def test_no_column_and_no_line_of_a_log_holds_the_position(cast: Cast, nearest: RosterCode) -> None:
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    try:
        location = near(nearest, "39.987", "116.469")
        Client().get(location)
    finally:
        logging.getLogger().removeHandler(handler)
    assert "39.987" not in heard.getvalue() + location
    holding = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in connection.introspection.table_names(cursor):
                continue
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text ~ '39\\.987|116\\.469'"  # noqa: S608
            )
            if cursor.fetchone() != (0,):
                holding.append(table)
    assert holding == []
    assert json.dumps(location)


def test_two_stores_of_one_region_stay_apart(cast: Cast) -> None:
    other = a_store("三里屯店", code="S009", region=cast.east, entity=cast.entity)
    a_roster(cast.guomao)
    assert a_roster(other).pk != a_roster(cast.guomao).pk
