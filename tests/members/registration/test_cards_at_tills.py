"""The card's code: it turns, it is spent once, and every wrong one hears the same."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from members.identity.access import actor_of_member
from members.identity.models import Member, MemberState
from members.registration import tills
from members.registration.clock import database_now
from members.registration.drawing import _code_picture
from members.registration.models_of_tills import CardChecks, CardCode
from members.registration.rules_of_cards import (
    NUMBER_DIGITS,
    SLICES_BACK,
    STEP_SECONDS,
    card_keys,
    holds,
    read_code,
    shown_for,
    step_at,
)
from members.registration.tills import CardShown, show_card
from stores.ledger.models import PurchaseLine
from stores.org.keys import digest_of
from stores.org.models import MachineKey
from tests.cast import Cast, a_member
from tests.stores.ledger.builders import a_key, a_receipt, post

# The full size of F-44 by CARD_FORGERIES=100000.
FORGERIES = int(os.environ.get("CARD_FORGERIES", "300"))


@pytest.fixture
def key(cast: Cast) -> str:
    text = a_key(
        "till-1",
        scopes=(
            "cards:verify",
            "purchases:write",
        ),
    )
    MachineKey.objects.update(store=cast.guomao)
    return text


def verify(key: str, code: str, **fields: Any) -> HttpResponse:
    return Client().post(
        reverse("verify-card"), {"code": code, **fields}, content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )  # type: ignore[return-value]  # fmt: skip


def card_of(member: Member) -> CardShown:
    return show_card(member.pk, by=actor_of_member(member))


def shown_ago(member: Member, slices: int) -> str:
    """What her card showed so many slices of the database's time ago, honestly made."""
    now = database_now()
    row = tills._row_of(member, step_at(now.timestamp()) - slices, now)
    return tills._shown(row, member).text


def wear_out(key: str) -> None:
    """The till has used up its vain tries, in this minute and the next."""
    machine = MachineKey.objects.get(digest=digest_of(key))
    minute = database_now().replace(second=0, microsecond=0)
    for ahead in range(3):
        CardChecks.objects.update_or_create(
            key=machine,
            minute=minute + timedelta(minutes=ahead),
            defaults={"refused": tills.MOST_REFUSED_A_MINUTE},
        )


def test_a_till_hears_an_opaque_member_her_tier_and_her_coupons(cast: Cast, key: str) -> None:
    answer = verify(key, card_of(cast.chen).text)
    assert answer.status_code == 200
    told = answer.json()  # type: ignore[attr-defined]
    assert set(told) == {"card", "member", "tier", "tier_name", "coupons"}
    assert (told["card"], told["tier_name"]) == (cast.chen.card_no, "普卡")
    assert "陈静" not in answer.content.decode()
    assert "138" not in answer.content.decode()


def test_the_number_under_the_code_does_as_well(cast: Cast, key: str) -> None:
    number = card_of(cast.chen).number
    assert len(number) == NUMBER_DIGITS
    assert verify(key, f"{number[:4]} {number[4:8]} {number[8:]}").status_code == 200
    assert verify(key, number).status_code == 422


def test_the_code_holds_nothing_of_her_and_turns(cast: Cast) -> None:
    shown, again = card_of(cast.chen), card_of(cast.chen)
    # The same within a slice; should it have turned in between, there are two rows.
    assert len({shown.text, again.text}) == CardCode.objects.count()
    for private in (cast.chen.card_no, "13800000001", str(cast.chen.public_id)):
        assert private not in shown.text
    assert 0 < shown.seconds_left <= STEP_SECONDS
    assert 30 <= STEP_SECONDS <= 60
    assert shown_ago(cast.chen, 1) != shown_ago(cast.chen, 3)


def refusals(cast: Cast, key: str) -> dict[str, HttpResponse]:
    """One of each kind of code that must not work."""
    mine = card_of(cast.chen).text
    answers = {"used": (verify(key, mine), verify(key, mine))[1]}
    answers["late"] = verify(key, shown_ago(cast.chen, SLICES_BACK + 1))
    other = a_member("唐敏", owner=cast.ma, store=cast.wangjing, phone="+8613800000777")
    answers["another company's"] = verify(key, card_of(other).text)
    wang = a_member("王芳", owner=cast.lin, store=cast.guomao)
    fresh = card_of(wang).text
    answers["changed"] = verify(key, fresh[:-1] + ("A" if fresh[-1] != "A" else "B"))
    answers["invented"] = verify(key, "GH6B31" + "000ABC" + "A" * 26)
    answers["another store's"] = verify(key, fresh, store="S002")
    answers["no code at all"] = verify(key, "hello")
    answers["a card number"] = verify(key, cast.chen.card_no)
    Member.objects.filter(pk=wang.pk).update(state=MemberState.LEFT)
    answers["of one who left"] = verify(key, fresh)
    return answers


def test_every_wrong_code_hears_the_same(cast: Cast, key: str) -> None:
    answers = refusals(cast, key)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        answers, 422
    )
    assert len({answer.content for answer in answers.values()}) == 1
    (answer,) = {answer.content.decode() for answer in answers.values()}
    assert "/api/problems/card" in answer


def test_an_answer_that_was_lost_is_told_again_to_the_same_question(cast: Cast, key: str) -> None:
    text = card_of(cast.chen).text
    assert verify(key, text, request_id="q1").status_code == 200
    assert verify(key, text, request_id="q1").status_code == 200
    assert verify(key, text, request_id="q2").status_code == 422
    assert verify(key, text).status_code == 422
    other = a_key("till-2", scopes=("cards:verify",))
    assert verify(other, text, request_id="q1", store="S001").status_code == 422


def test_forged_codes_never_hit(cast: Cast) -> None:
    """F-44: random codes and mutations of a real one, as if by countless keys without a limit."""
    real = card_of(cast.chen).text
    now = step_at(database_now().timestamp())
    assert tills._spent_or_fresh(real, now, cast.entity.pk) is not None
    dice = random.Random(44)  # noqa: S311 - the forger's, and the same each time
    hits = [
        text
        for text in (forged(real, dice) for _ in range(FORGERIES))
        if tills._spent_or_fresh(text, now, cast.entity.pk) is not None
    ]
    assert hits == []
    assert CardCode.objects.exclude(used_at=None).count() == 0


def test_vain_tries_are_counted_and_end_the_asking(cast: Cast, key: str) -> None:
    dice = random.Random(45)  # noqa: S311 - the forger's, and the same each time
    real = card_of(cast.chen).text
    assert [verify(key, forged(real, dice)).status_code for _ in range(5)] == [422] * 5
    assert sum(CardChecks.objects.values_list("refused", flat=True)) == 5
    wear_out(key)
    answer = verify(key, real)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    # Another till is not made to wait for this one.
    other = a_key("till-2", scopes=("cards:verify",))
    assert verify(other, real, store="S001").status_code == 200


def forged(real: str, dice: random.Random) -> str:
    kind = dice.randrange(3)
    if kind == 0:
        return f"{dice.randrange(10**NUMBER_DIGITS):0{NUMBER_DIGITS}d}"
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    if kind == 1:
        return real[:12] + "".join(dice.choice(letters) for _ in range(26))
    at = dice.randrange(12, len(real))
    return real[:at] + dice.choice(letters.replace(real[at], "")) + real[at + 1 :]


def test_another_key_is_another_code_and_an_old_one_still_verifies(
    cast: Cast, key: str, settings: Settings
) -> None:
    text = card_of(cast.chen).text
    before = settings.FIELD_KEYS
    settings.FIELD_KEYS = f"zz:{'QUFB' * 10}QUE=,{before}"
    other = a_member("唐敏", owner=cast.lin, store=cast.guomao)
    assert card_of(other).text[2:6] != text[2:6]
    assert verify(key, text).status_code == 200
    # A key that was taken out verifies nothing.
    orphan = card_of(other).text
    settings.FIELD_KEYS = before
    assert verify(key, orphan).status_code == 422


def test_the_database_decides_what_is_late_not_the_web_process(
    cast: Cast, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-24: a web process whose clock is a day off shows and verifies the same codes."""
    right = card_of(cast.chen).text
    off = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: off)
    assert card_of(cast.chen).text in {right, shown_ago(cast.chen, 0)}
    assert verify(key, right).status_code == 200
    monkeypatch.undo()
    assert [holds(step, 1000) for step in (1001, 1000, 999, 998)] == [False, True, True, False]


def test_a_receipt_takes_the_verified_card_and_the_verified_code(cast: Cast, key: str) -> None:
    text = card_of(cast.chen).text
    unverified = post(Client(), key, a_receipt("R0", member={"card": text}))
    assert unverified.json()["member"] == "unknown"
    told = verify(key, text).json()  # type: ignore[attr-defined]
    for number, card in (("R1", told["card"]), ("R2", text)):
        assert post(Client(), key, a_receipt(number, member={"card": card})).status_code == 201
    bought = PurchaseLine.objects.filter(receipt_no__in=["R1", "R2"])
    assert {line.member_no for line in bought} == {cast.chen.pk}


def test_a_key_without_the_scope_is_refused(cast: Cast) -> None:
    assert verify(a_key("till-9"), "hello", store="S001").status_code == 403
    assert Client().post(reverse("verify-card")).status_code == 401


def test_a_key_of_no_store_says_which(cast: Cast) -> None:
    brand = a_key("web", scopes=("cards:verify",))
    assert verify(brand, card_of(cast.chen).text).status_code == 400
    assert verify(brand, card_of(cast.chen).text, store="S002").status_code == 422
    assert verify(brand, card_of(cast.chen).text, store="S001").status_code == 200


def test_a_scanner_reads_the_code_on_her_page() -> None:
    (key_id, secret), *_ = card_keys("k1:" + "QUFB" * 10 + "QUE=").items()
    shown = shown_for(key_id, secret, member="m" * 22, step=10**6, nonce=0)
    picture: Image.Image = _code_picture(shown.text, 600)
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [shown.text]
    assert read_code(shown.text) is not None
