"""Another phone, another guide: proven, asked of her, and never by somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from kit.events import DomainEvent
from members.identity.models import Identity, IdentityKind, Member
from members.identity.queries import member_by_identity
from members.registration.changing import (
    change_guide,
    decide_change,
    try_new_phone,
    try_old_phone,
    wait_for_change,
)
from members.registration.doors import acting_for
from members.registration.errors import (
    ChangeTooEarly,
    NoChangeOfPhone,
    NoSuchGuide,
    ReasonNeeded,
)
from members.registration.models import CodeRequest
from members.registration.models_of_phones import ChangeState, PhoneChange
from stores.ledger.models import Ownership
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_channel_code, a_notice, run_handlers
from tests.members.profile.test_own_pages import as_member
from tests.members.registration.test_pages import address, join
from tests.members.wechat import Phone

OLD, NEW = "+8613800000001", "+8613966667777"


@pytest.fixture
def chen(cast: Cast) -> Client:
    a_notice(cast.entity)
    return as_member(cast.chen)


def to_new_phone(client: Client, phone: Phone) -> None:
    """She names the new number and types the code that arrives there."""
    assert client.post("/m/phone/new/", {"phone": NEW.removeprefix("+86")}).status_code == 302
    run_handlers()
    CodeRequest.objects.all().delete()
    said = {"which": "new", "code": phone.last_code(NEW)}
    assert client.post("/m/phone/prove/", said).status_code == 302


def test_both_phones_proven_change_it_at_once(cast: Cast, chen: Client, phone: Phone) -> None:
    to_new_phone(chen, phone)
    assert "还能收短信吗" in chen.get("/m/phone/").content.decode()
    assert Member.objects.get(pk=cast.chen.pk).phone == OLD
    chen.post("/m/phone/old/")
    run_handlers()
    said = {"which": "old", "code": phone.last_code(OLD)}
    assert chen.post("/m/phone/prove/", said)["Location"] == "/m/privacy/"
    assert "换好了" in chen.get("/m/privacy/").content.decode()
    assert Member.objects.get(pk=cast.chen.pk).phone == NEW
    assert member_by_identity(IdentityKind.PHONE, NEW, cast.entity) == cast.chen
    assert member_by_identity(IdentityKind.PHONE, OLD, cast.entity) is None
    told = DomainEvent.objects.get(kind="phone_changed").payload
    assert told == {"member": cast.chen.pk}


def test_the_old_code_counts_for_nothing_before_the_new_phone_is_proven(
    cast: Cast, chen: Client, phone: Phone
) -> None:
    chen.post("/m/phone/new/", {"phone": NEW})
    run_handlers()
    with pytest.raises(NoChangeOfPhone):
        try_old_phone(cast.chen.pk, code=phone.last_code(NEW), by=acting_for(cast.chen))
    with pytest.raises(NoChangeOfPhone):
        wait_for_change(cast.chen.pk, by=acting_for(cast.chen))


def test_without_the_old_phone_she_waits_it_is_told_and_hq_decides(
    cast: Cast, chen: Client, phone: Phone
) -> None:
    to_new_phone(chen, phone)
    for _ in range(2):
        chen.post("/m/phone/wait/")
        run_handlers()
    told = [text for text in phone.texts(OLD) if "有人申请" in text]
    assert len(told) == 1
    assert "139****7777" in told[0]
    change = PhoneChange.objects.get()
    with pytest.raises(ChangeTooEarly):
        decide_change(change.pk, allow=True, reason="", by=TESTER)
    with pytest.raises(ReasonNeeded):
        decide_change(change.pk, allow=False, reason=" ", by=TESTER)
    PhoneChange.objects.update(waits_until=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        assert decide_change(change.pk, allow=True, reason="", by=TESTER).state == ChangeState.DONE
    assert Member.objects.get(pk=cast.chen.pk).phone == NEW


def test_who_holds_the_old_phone_can_stop_it(cast: Cast, chen: Client, phone: Phone) -> None:
    to_new_phone(chen, phone)
    chen.post("/m/phone/wait/")
    assert "总部核对后换好" in chen.get("/m/phone/").content.decode()
    chen.post("/m/phone/stop/")
    change = PhoneChange.objects.get()
    assert change.state == ChangeState.TAKEN_BACK
    PhoneChange.objects.update(waits_until=timezone.now())
    assert decide_change(change.pk, allow=True, reason="", by=TESTER).state == "taken"
    assert Member.objects.get(pk=cast.chen.pk).phone == OLD


def test_a_number_with_a_card_of_its_own_is_told_only_to_who_proved_both(
    cast: Cast, chen: Client, phone: Phone
) -> None:
    other = a_member("另一位", owner=cast.zhou, store=cast.guomao, phone=NEW)
    to_new_phone(chen, phone)
    assert "另一" not in chen.get("/m/phone/").content.decode()
    chen.post("/m/phone/old/")
    run_handlers()
    chen.post("/m/phone/prove/", {"which": "old", "code": phone.last_code(OLD)})
    assert "已有一张会员卡" in chen.get("/m/privacy/").content.decode()
    assert Member.objects.get(pk=cast.chen.pk).phone == OLD
    assert Identity.objects.filter(kind=IdentityKind.PHONE).count() == 2
    told = DomainEvent.objects.get(kind="identity_contested").payload
    assert (told["first"], told["second"]) == (cast.chen.pk, other.pk)


def test_a_wrong_code_proves_nothing(cast: Cast, chen: Client, phone: Phone) -> None:
    chen.post("/m/phone/new/", {"phone": NEW})
    run_handlers()
    right = phone.last_code(NEW)
    for _ in range(5):
        try_new_phone(cast.chen.pk, code=f"{(int(right) + 1) % 10**6:06d}", by=TESTER)
    assert try_new_phone(cast.chen.pk, code=right, by=TESTER) == "too_many"
    assert PhoneChange.objects.get().new_proven_at is None


def test_her_guide_changes_by_her_word_alone(
    client: Client, cast: Cast, phone: Phone, chen: Client
) -> None:
    """She joins again by Zhou's code: a member already, Lin's; asked, and then as she says."""
    code = a_channel_code(cast.zhou)
    assert client.get(address(code)).status_code == 200
    join(client, code, phone, "13800000001", ends_at="/q/welcome/")
    page = client.get("/q/welcome/").content.decode()
    assert "您的专属导购是林晓" in page
    assert Member.objects.get(pk=cast.chen.pk).owner == cast.lin
    answer = client.post("/q/guide/", {"token": code.token})
    assert "周宁" in answer.content.decode()
    member = Member.objects.get(pk=cast.chen.pk)
    assert member.owner == cast.zhou
    now = Ownership.objects.get(member_no=member.pk, until=None)
    assert (now.guide_no, now.reason) == (cast.zhou.pk, "her_wish")
    assert not change_guide(member.pk, guide_id=cast.zhou.pk, by=acting_for(member))
    with pytest.raises(NoSuchGuide):
        change_guide(member.pk, guide_id=cast.ma.pk, by=TESTER)


def test_a_stranger_chooses_nobodys_guide(cast: Cast) -> None:
    code = a_channel_code(cast.zhou)
    assert Client().post("/q/guide/", {"token": code.token})["Location"] == "/m/"
    assert Member.objects.get(pk=cast.chen.pk).owner == cast.lin


def test_a_code_whose_guide_left_says_so_and_a_made_up_one_does_not(cast: Cast) -> None:
    code = a_channel_code(cast.zhou)
    cast.zhou.left_on = timezone.localdate()
    cast.zhou.save(update_fields=["left_on"])
    gone = Client().get(address(code))
    assert (gone.status_code, "已经不在国贸店" in gone.content.decode()) == (404, True)
    assert "已经不能用了" in Client().get("/q/" + "x" * 22 + "/").content.decode()
