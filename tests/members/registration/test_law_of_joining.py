"""What the law asks of joining: nothing before the notice, nothing ticked, no loss by refusing.

L-02, L-03, L-05, L-10, L-21 and L-37 of the law sheet, over HTTP as her phone does it.
"""

from __future__ import annotations

import gzip
import os
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.fields import new_public_id, shown_id
from members.consent.actions import decide
from members.consent.models import ConsentEvent, ConsentState, Purpose
from members.consent.noticing import draft_notice, publish_notice
from members.consent.queries import may_ask_again
from members.identity.models import Member
from members.registration import ages
from members.registration.models import ChannelCode, Registration, RegistrationState
from tests.cast import Cast
from tests.members.builders import (
    ITEMS,
    TESTER,
    a_channel_code,
    a_notice,
    a_welcome_gift,
    run_handlers,
)
from tests.members.profile.test_own_pages import as_member
from tests.members.registration.test_pages import WU, address, agree, join
from tests.members.wechat import Phone

PAGE_BYTES = 100_000
FULL = os.environ.get("FAULT_TRIALS") == "full"


@pytest.fixture
def code(cast: Cast) -> ChannelCode:
    a_notice(cast.entity)
    a_welcome_gift(cast.entity)
    return a_channel_code(cast.lin)


def rows() -> dict[str, int]:
    """How many rows every table holds."""
    counts = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.managed and not model._meta.proxy:
                cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}"')  # noqa: S608
                counts[model._meta.label] = cursor.fetchone()[0]
    return counts


class Inputs(HTMLParser):
    """Every input of a page, as its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.found.append(dict(attrs))


def ticked(page: str) -> list[str | None]:
    return [one.get("name") for one in Inputs(page).found if "checked" in one]


@pytest.mark.parametrize("notice", ["", "x", "nobodys", "draft", "older"])
def test_l03_without_the_current_notice_nothing_is_written_at_all(
    client: Client, code: ChannelCode, cast: Cast, notice: str
) -> None:
    if notice == "unknown":
        notice = shown_id(new_public_id())
    elif notice == "older":
        notice = shown_id(cast.entity.notices.get().public_id)
        a_notice(cast.entity)
    elif notice == "draft":
        draft = draft_notice(
            cast.entity.pk, title="告知", summary="短", body="长", items=ITEMS, by=TESTER
        )
        notice = shown_id(draft.public_id)
    elif notice == "nobodys":
        notice = shown_id(new_public_id())
    client.get(address(code))
    before = rows()
    said = {"notice": notice, "permission": ["profiling"], "birth_year": "1990"}
    for visitor in (client, Client()):
        answer = visitor.post(reverse("member-agree", args=[code.token]), said)
        if visitor is client or notice in {"", "x"}:
            assert answer.status_code == 400
    assert rows() == before
    assert Registration.objects.get().agreed_at is None


def test_l05_no_page_of_hers_comes_with_a_box_ticked(
    client: Client, code: ChannelCode, phone: Phone, cast: Cast
) -> None:
    assert ticked(client.get(address(code)).content.decode()) == []
    join(client, code, phone)
    newer = [*ITEMS, {"purpose": "chat_archive", "title": "会话存档", "text": "只用于质检"}]
    a_notice(cast.entity, items=newer)
    for path in ("/m/", "/m/privacy/", "/m/news/", "/m/privacy/leave/", "/m/privacy/ask/"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert ticked(answer.content.decode()) == [], path


@pytest.mark.parametrize("chosen", [(), tuple(item["purpose"] for item in ITEMS)])
def test_l02_l10_refusing_everything_gives_the_same_membership(
    client: Client, code: ChannelCode, phone: Phone, cast: Cast, chosen: tuple[str, ...]
) -> None:
    """The whole journey, once with every option refused and once with every one given."""
    join(client, code, phone, WU, *chosen)
    member = Member.objects.latest("pk")
    held = ConsentState.objects.filter(member=member, is_granted=True)
    assert set(held.values_list("purpose", flat=True)) == {"membership", *chosen}
    card = client.get("/m/").content.decode()
    for part in (member.card_no, "入会礼 · 满 300 减 30", "林晓", member.get_tier_display()):
        assert part in card
    renamed = {"name": "小吴", "version": member.version}
    assert client.post("/m/privacy/name/", renamed).status_code == 302
    assert "小吴" in client.get("/m/").content.decode()
    for path in ("/m/privacy/", "/m/privacy/looks/", "/m/privacy/ask/", "/m/phone/"):
        assert client.get(path).status_code == 200
    # Leaving needs nobody to be spoken to.
    assert "已退出会员" in client.post("/m/privacy/leave/").content.decode()
    assert "name" not in [field.name for field in Registration._meta.fields]


def test_from_the_scan_to_the_card_in_six_taps(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    """A tap for every form sent and for every field typed into, and one for WeChat's own page."""
    taps, place = 1, address(code)
    for said in ({}, {"phone": WU}, {"code": ""}):
        page = client.get(place).content.decode()
        typed = [one for one in Inputs(page).found if one.get("type") in {"tel", "text"}]
        must = [one for one in typed if "required" in one]
        assert len(must) == len(said)
        taps += 1 + len(must)
        if "code" in said:
            run_handlers()
            said = {"code": phone.last_code(f"+86{WU}")}
        notice = [one["value"] for one in Inputs(page).found if one.get("name") == "notice"]
        where = reverse("member-agree", args=[code.token]) if notice else place
        place = client.post(where, {**said, "notice": "".join(map(str, notice))})["Location"]
    assert place == reverse("member-home")
    assert taps <= 6


def test_the_landing_page_weighs_less_than_100_kb_as_served(code: ChannelCode) -> None:
    """The page and all that it names, gzipped as whitenoise and the front server serve it."""
    page = Client().get(address(code)).content
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.decode()))
    assert any(one.endswith(".css") for one in named)
    weight = len(gzip.compress(page)) + sum(len(gzip.compress(_static(one))) for one in named)
    assert weight < PAGE_BYTES / 4
    assert len(page) + sum(len(_static(one)) for one in named) < PAGE_BYTES
    # Nothing of it needs a script, so the age of the phone makes no difference.
    assert "<script" not in page.decode()


def _static(address: str) -> bytes:
    name = re.sub(r"\.[0-9a-f]{12}(\.\w+)$", r"\1", address.removeprefix("/static/"))
    found = [Path(folder) / name for folder in settings.STATICFILES_DIRS]
    there = [path for path in found if path.exists()]
    assert there, address
    return there[0].read_bytes()


# ---------------------------------------------------------------- L-21


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Urumqi", "America/New_York"])
@pytest.mark.parametrize("born", [date(2012, 2, 29), date(2012, 11, 22), date(2011, 12, 31)])
def test_l21_fourteen_begins_the_day_after_the_birthday(zone: str, born: date) -> None:
    birthday = ages.birthday_in(born.year + 14, born)
    for days, young in ((-1, True), (0, True), (1, False)):
        noon = datetime.combine(birthday, datetime.min.time(), ZoneInfo(zone)) + timedelta(hours=12)
        today = (noon + timedelta(days=days)).date()
        assert ages.is_under(14, born, today) is young
        by_year = ages.age_by_year(born.year, today)
        assert by_year in {ages.Age.UNSURE, ages.Age.TOO_YOUNG if young else ages.Age.OLD_ENOUGH}
    midnight = datetime.combine(birthday + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    for step, young in ((timedelta(0), False), (timedelta(seconds=-1), True)):
        moment = (midnight + step).astimezone(UTC)
        assert ages.is_under(14, born, moment.astimezone(ZoneInfo(zone)).date()) is young


def _asking_year(cast: Cast) -> ChannelCode:
    draft = draft_notice(
        cast.entity.pk,
        title="告知",
        summary="短",
        body="长",
        items=ITEMS,
        asks_birth_year=True,
        by=TESTER,
    )
    publish_notice(draft.pk, by=TESTER)
    return a_channel_code(cast.lin)


@pytest.mark.parametrize(
    ("years", "month_and_day", "page"),
    [
        (13, None, "请和家长一起来"),
        (14, None, "您的生日是哪一天"),
        (14, 1, "请和家长一起来"),
        (14, -1, ""),
    ],
)
def test_l21_who_is_too_young_is_stopped_kindly_and_nothing_is_kept(
    client: Client, cast: Cast, years: int, month_and_day: int | None, page: str
) -> None:
    code = _asking_year(cast)
    shown = client.get(address(code)).content.decode()
    notice = re.search(r'name="notice" value="([^"]+)"', shown)
    assert notice is not None
    today = timezone.localdate()
    said = {"notice": notice.group(1), "birth_year": str(today.year - years)}
    if month_and_day is not None:
        day = today + timedelta(days=month_and_day)
        if day.year != today.year:
            day = today
        said |= {"month": str(day.month), "day": str(day.day)}
    answer = client.post(reverse("member-agree", args=[code.token]), said)
    visit = Registration.objects.get()
    if page:
        assert page in answer.content.decode()
        # By what she filled in herself: nobody invites her to say otherwise.
        assert "我已满 14 周岁" not in answer.content.decode()
        assert visit.agreed_at is None
        assert visit.birth_year is None
    else:
        assert answer["Location"] == reverse("member-phone")
        assert visit.birth_year == today.year - years


def test_she_may_say_herself_that_she_is_too_young(client: Client, code: ChannelCode) -> None:
    agree(client, code, Purpose.PROFILING)
    page = client.get(reverse("member-too-young", args=[code.token])).content.decode()
    assert "请和家长一起来" in page
    assert "没有留下您的任何信息" in page
    client.post(reverse("member-too-young", args=[code.token]))
    visit = Registration.objects.get()
    assert visit.state == RegistrationState.DECLINED
    assert (visit.ip, visit.decisions, visit.agreed_at) == (None, {}, None)


# ---------------------------------------------------------------- L-37


def test_l37_what_was_refused_in_this_browser_is_not_asked_again(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    join(client, code, phone, WU, Purpose.PROFILING)
    member = Member.objects.latest("pk")
    for name in ("visit", "member"):
        del client.cookies[name]
    page = client.get(address(code)).content.decode()
    assert 'value="profiling"' in page
    assert 'value="direct_marketing"' not in page
    assert "半年内不再问您" in page
    # Who was not asked has refused nothing: the first refusal stays the only one.
    agree(client, code)
    assert Registration.objects.latest("pk").decisions == {"profiling": False}
    refusals = ConsentEvent.objects.filter(member=member, decision="refuse")
    assert refusals.count() == len(ITEMS) - 1


def test_l37_who_leaves_is_not_asked_again_either(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    join(client, code, phone, WU, Purpose.PROFILING)
    client.post("/m/privacy/leave/")
    assert client.get("/m/").status_code == 401
    page = client.get(address(code)).content.decode()
    assert 'name="permission"' not in page
    # Nothing in the browser says who she was.
    held = " ".join(client.cookies[name].value for name in ("visit", "member", "proven"))
    assert held.strip() == "" or shown_id(Member.objects.latest("pk").public_id) not in held
    client.post(reverse("member-somebody-else"), {"token": code.token})
    assert 'value="direct_marketing"' in client.get(address(code)).content.decode()


def test_l37_no_page_asks_again_within_180_days(cast: Cast, code: ChannelCode) -> None:
    decide(cast.chen.pk, {Purpose.PROFILING: False}, by=TESTER)
    refused_at = ConsentState.objects.get(member=cast.chen).since
    for day in range(0, 180, 1 if FULL else 13):
        at = refused_at + timedelta(days=day, hours=day % 24)
        assert not may_ask_again(cast.chen, Purpose.PROFILING, at=at), day
        assert may_ask_again(cast.chen, Purpose.BIRTHDAY, at=at)
    assert may_ask_again(cast.chen, Purpose.PROFILING, at=refused_at + timedelta(days=180))
    a_notice(cast.entity, items=[*ITEMS, {"purpose": "chat_archive", "title": "存", "text": "存"}])
    client = as_member(cast.chen)
    page = client.get("/m/news/").content.decode()
    asked = {one["value"] for one in Inputs(page).found if one.get("name") == "permission"}
    assert asked == {"direct_marketing", "birthday", "chat_archive"}
    client.post("/m/news/", {"notice": "2", "answer": "none", "permission": ["birthday"]})
    assert not ConsentState.objects.filter(member=cast.chen, is_granted=True).exists()
    for _ in range(10):
        assert "告知有更新" not in client.get("/m/").content.decode()
        assert client.get("/m/news/").status_code == 302
