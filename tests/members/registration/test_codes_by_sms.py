"""One-time codes: sent once, kept as a digest, five tries, ten minutes, and exact limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from kit.events import Handling, HandlingState
from members.identity.models import Member
from members.registration.actions import request_code
from members.registration.doors import registrant
from members.registration.errors import TooManyCodes
from members.registration.joining import Proven, try_code
from members.registration.models import CodeRequest, OneTimeCode, Registration
from members.registration.rules import LIMITS, exceeded
from members.registration.sms import HttpSmsGateway, SmsFailed
from members.rewards.models import Coupon
from tests.cast import Cast
from tests.members.builders import a_channel_code, a_notice, run_handlers
from tests.members.registration.test_way import WU, visit
from tests.members.wechat import Phone


@pytest.fixture
def registration(cast: Cast) -> Registration:
    a_notice(cast.entity)
    return visit(a_channel_code(cast.lin))


def ask(registration: Registration, number: str = WU, ip: str = "10.0.0.9") -> OneTimeCode:
    by = registrant(registration.channel_code)
    return request_code(registration.pk, phone=number, ip=ip, is_human=True, by=by)


def answer(registration: Registration, code: str) -> Proven:
    return try_code(registration.pk, code=code, by=registrant(registration.channel_code))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_arrives_once_and_leaves_only_its_digest(
    registration: Registration, phone: Phone
) -> None:
    row = ask(registration)
    run_handlers()
    message = phone.taken[0]
    assert message["phone"] == WU
    assert message["key"] == "Bearer gateway-key"
    row = OneTimeCode.objects.get(pk=row.pk)
    assert row.code is None
    assert row.sent_at is not None
    # The worker that died between calling and marking is followed by another.
    OneTimeCode.objects.update(sent_at=None)
    Handling.objects.update(state=HandlingState.WAITING)
    run_handlers()
    assert len(phone.taken) == 1


def test_a_gateway_that_is_away_is_asked_again(registration: Registration, phone: Phone) -> None:
    phone.status = 503
    row = ask(registration)
    run_handlers()
    assert OneTimeCode.objects.get(pk=row.pk).sent_at is None
    waiting = Handling.objects.get(handler__endswith="send_code")
    assert waiting.state == HandlingState.WAITING
    phone.status = 200
    Handling.objects.update(next_try_at=timezone.now())
    run_handlers()
    assert answer(registration, phone.last_code(WU)) == Proven.YES


def test_nobody_listens_at_the_gateway() -> None:
    with pytest.raises(SmsFailed, match="ConnectionError"):
        HttpSmsGateway("http://127.0.0.1:9", "").send(phone=WU, text="x", request_id="1")


def test_the_sixth_try_is_refused_even_when_right(registration: Registration, phone: Phone) -> None:
    ask(registration)
    run_handlers()
    code = phone.last_code(WU)
    for _ in range(5):
        assert answer(registration, wrong(code)) == Proven.WRONG
    assert answer(registration, code) == Proven.TOO_MANY
    assert OneTimeCode.objects.get().tries == 5


def test_a_code_ends_after_ten_minutes(registration: Registration, phone: Phone) -> None:
    row = ask(registration)
    assert row.expires_at - row.made_at == timedelta(minutes=10)
    run_handlers()
    OneTimeCode.objects.update(expires_at=timezone.now())
    assert answer(registration, phone.last_code(WU)) == Proven.EXPIRED


def test_a_code_works_once_and_only_in_the_visit_it_was_asked_in(
    cast: Cast, registration: Registration, phone: Phone
) -> None:
    ask(registration)
    run_handlers()
    code = phone.last_code(WU)
    other = visit(registration.channel_code)
    assert answer(other, code) == Proven.EXPIRED
    assert answer(registration, code) == Proven.YES
    # A second tap on the same button is no fault of hers and does nothing more.
    before = Member.objects.count(), Coupon.objects.count(), OneTimeCode.objects.get().used_at
    assert answer(registration, code) == Proven.YES
    assert answer(registration, wrong(code)) != Proven.YES
    after = Member.objects.count(), Coupon.objects.count(), OneTimeCode.objects.get().used_at
    assert after == before


def test_a_newer_code_ends_the_older(registration: Registration, phone: Phone) -> None:
    ask(registration)
    run_handlers()
    older = phone.last_code(WU)
    CodeRequest.objects.update(at=timezone.now() - timedelta(minutes=2))
    ask(registration)
    run_handlers()
    newer = phone.last_code(WU)
    if older != newer:
        assert answer(registration, older) == Proven.WRONG
    assert answer(registration, newer) == Proven.YES


def test_a_phone_gets_one_code_a_minute_five_an_hour_ten_a_day(
    registration: Registration,
) -> None:
    def later(**time: float) -> None:
        for row in CodeRequest.objects.all():
            CodeRequest.objects.filter(pk=row.pk).update(at=row.at - timedelta(**time))

    for hour in range(2):
        for _ in range(5):
            ask(registration, ip=f"10.0.{hour}.1")
            with pytest.raises(TooManyCodes):
                ask(registration, ip="10.9.9.9")
            later(minutes=1, seconds=1)
        with pytest.raises(TooManyCodes):
            ask(registration)
        later(hours=1)
    with pytest.raises(TooManyCodes):
        ask(registration)
    assert CodeRequest.objects.count() == 10
    later(days=1)
    ask(registration)


def test_an_address_and_a_channel_code_have_limits_of_their_own(
    registration: Registration,
) -> None:
    for number in range(30):
        ask(registration, f"+861391111{number:04d}")
    with pytest.raises(TooManyCodes):
        ask(registration, "+8613922223333")
    ask(registration, "+8613922223333", ip="10.0.0.10")
    now = timezone.now()
    CodeRequest.objects.bulk_create(
        CodeRequest(
            phone_digest=b"%032d" % number,
            ip_digest=b"%032d" % number,
            channel_code=registration.channel_code,
            at=now,
        )
        for number in range(169)
    )
    with pytest.raises(TooManyCodes):
        ask(registration, "+8613922224444", ip="10.0.0.11")


def test_limits_are_rules() -> None:
    now = timezone.now()
    assert exceeded({}, now) is None
    just_now = {"phone": [now - timedelta(seconds=59)]}
    assert exceeded(just_now, now) == LIMITS[0]
    assert exceeded({"phone": [now - timedelta(seconds=61)]}, now) is None
