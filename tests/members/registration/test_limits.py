"""F-48 and F-61: what pumping can cost, who reads a picture, and what nobody can learn."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from captcha.models import CaptchaStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from members.identity.rules import read_phone
from members.privacy.models import Disclosure
from members.registration.actions import request_code
from members.registration.alarms import note_budget_spent, watch_codes
from members.registration.doors import registrant
from members.registration.errors import BudgetSpent, PictureFirst, WrongPhone
from members.registration.models import ChannelCode, CodeRequest, OneTimeCode, Registration
from members.registration.models_of_phones import CodeAlarm, CodeBudget
from members.registration.rules import is_pumped, wants_picture
from tests.cast import Cast
from tests.members.builders import TESTER, a_channel_code, a_notice, run_handlers
from tests.members.registration.test_pages import WU, agree
from tests.members.registration.test_way import visit
from tests.members.wechat import Phone


@pytest.fixture
def code(cast: Cast) -> ChannelCode:
    a_notice(cast.entity)
    return a_channel_code(cast.lin)


def ask(found: Registration, number: str, ip: str = "10.0.0.9", *, human: bool = False) -> None:
    by = registrant(found.channel_code)
    request_code(found.pk, phone=number, ip=ip, is_human=human, by=by)


def later() -> None:
    CodeRequest.objects.update(at=timezone.now() - timedelta(minutes=2))


def test_the_third_code_of_a_visit_or_a_phone_wants_a_picture_read(code: ChannelCode) -> None:
    found = visit(code)
    for _ in range(2):
        ask(found, f"+86{WU}")
        later()
    for other in (found, visit(code)):
        with pytest.raises(PictureFirst):
            ask(other, f"+86{WU}")
    ask(found, f"+86{WU}", human=True)
    assert OneTimeCode.objects.count() == CodeRequest.objects.count() == 3


def test_an_address_wants_pictures_long_before_it_is_refused() -> None:
    assert not wants_picture({"phone": 1, "visit": 1, "ip": 19}, is_alarmed=False)
    assert wants_picture({"phone": 0, "visit": 0, "ip": 20}, is_alarmed=False)
    assert wants_picture({}, is_alarmed=True)


def test_the_page_shows_a_picture_and_takes_each_once(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    agree(client, code)
    for _ in range(2):
        client.post(reverse("member-phone"), {"phone": WU})
        later()
    for answer in ("0000", None, "again"):
        page = client.post(reverse("member-phone"), {"phone": WU}).content.decode()
        assert "四位数字" in page
        assert f'value="{WU}"' in page
        key = re.search(r'name="picture" value="(\w+)"', page)
        assert key is not None
        drawing = client.get(reverse("captcha-image", args=[key.group(1)]))
        assert drawing["Content-Type"] == "image/png"
        right = CaptchaStore.objects.get(hashkey=key.group(1)).response
        said = {"phone": WU, "picture": key.group(1), "digits": answer or right}
        if answer == "again":
            later()
            sent = client.post(reverse("member-phone"), {**said, "digits": right})
            assert sent.status_code == 302
            later()
        done = client.post(reverse("member-phone"), said)
        if answer is None:
            assert done.status_code == 302
            later()
        else:
            assert "换了一张" in done.content.decode()
    assert CodeRequest.objects.count() == 4


@pytest.mark.parametrize(
    "number",
    ["+8521234567", "85291234567", "+14155550123", "12345678901", "0086139", "+86 10 88888888"],
)
def test_only_mainland_mobiles_get_codes(code: ChannelCode, number: str) -> None:
    with pytest.raises(WrongPhone):
        ask(visit(code), number)
    assert read_phone("＋86 139-1111 2222") == "+8613911112222"


def test_the_budget_of_an_hour_is_spent_to_the_last_message_and_no_further(
    code: ChannelCode, settings: Settings, client: Client
) -> None:
    settings.SMS_HOURLY_BUDGET = 3
    for number in range(3):
        ask(visit(code), f"+861391111000{number}")
    with pytest.raises(BudgetSpent):
        ask(visit(code), "+8613911110009")
    assert CodeBudget.objects.get().sent == CodeRequest.objects.count() == 3
    agree(client, code)
    answer = client.post(reverse("member-phone"), {"phone": WU})
    assert (answer.status_code, "这一条没有发出去" in answer.content.decode()) == (503, True)
    alarm = CodeAlarm.objects.get()
    assert alarm.kind == "budget"
    assert note_budget_spent(by=TESTER).pk == alarm.pk
    CodeBudget.objects.update(hour=timezone.now() - timedelta(hours=1))
    ask(visit(code), "+8613911110010", human=True)


def test_hq_hears_when_more_is_sent_than_is_typed(code: ChannelCode) -> None:
    found = visit(code)
    at = timezone.now() - timedelta(minutes=30)

    def send(count: int, proven: int) -> None:
        for number in range(count):
            CodeRequest.objects.create(
                phone_digest=b"p%031d" % number, ip_digest=b"i%031d" % number, at=at
            )
        for _ in range(proven):
            OneTimeCode.objects.create(
                registration=found, phone=f"+86{WU}", digest=b"", made_at=at, expires_at=at,
                used_at=at, proven_at=at,
            )  # fmt: skip

    send(20, 10)
    assert watch_codes(by=TESTER) is None
    send(1, 0)
    alarm = watch_codes(by=TESTER)
    assert alarm is not None
    assert (alarm.kind, alarm.sent, alarm.proven) == ("ratio", 21, 10)
    assert watch_codes(by=TESTER) == alarm
    with pytest.raises(PictureFirst):
        ask(visit(code), "+8613911117777")
    assert not is_pumped(sent=19, proven=0)


def test_each_text_is_written_into_the_register_of_disclosures_once(
    code: ChannelCode, phone: Phone
) -> None:
    ask(visit(code), f"+86{WU}")
    run_handlers()
    line = Disclosure.objects.get(what="sms")
    assert (line.recipient, line.count, line.fields) == ("短信网关", 1, ["phone"])


# ---------------------------------------------------------------- F-61


def test_f61_a_members_phone_and_a_strangers_take_the_very_same_way(
    client: Client, code: ChannelCode, phone: Phone
) -> None:
    """The same statements in the same order, hence the same work; the same page word for word."""
    seen = []
    # The first of all fills what the process keeps; it is compared with nothing.
    for number in ("13911119999", "13800000001", WU):
        visitor = Client()
        agree(visitor, code)
        with CaptureQueriesContext(connection) as queries:
            sent = visitor.post(reverse("member-phone"), {"phone": number})
        plain = re.compile(r"'[^']*'|\"s\d+_x\d+\"| ?-?\b\d+\b")
        shape = [plain.sub("?", query["sql"]) for query in queries]
        wrong = visitor.post(reverse("member-code"), {"code": "000000"}).content.decode()
        wrong = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", wrong)
        page = wrong.replace(f"{number[:3]}****{number[-4:]}", "number")
        seen.append((sent.status_code, sent["Location"], shape, page))
        CodeRequest.objects.all().delete()
    _, members, strangers = seen
    for one, other in zip(members[2], strangers[2], strict=True):
        assert one == other
    assert members == strangers
