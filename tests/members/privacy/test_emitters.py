"""Each path out of the house is gone once, and writes exactly one line of the register (L-35)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from django.utils import timezone

from kit.events import DomainEvent
from kit.fields import shown_id
from members.audience.models import Audience
from members.identity.models import Member
from members.privacy import desk, duties, exporting, transferring
from members.privacy.actions import open_request, reveal_phone
from members.privacy.answering import check_identity
from members.privacy.emitters import EMITTERS
from members.privacy.models import Disclosure, SubjectRequest
from members.privacy.models_of_duty import Incident
from members.privacy.rules import Portability
from members.registration import inbound
from members.registration.models import OneTimeCode, Registration
from members.registration.models_of_phones import PhoneChange
from members.rewards.models import PointsProposal
from members.rewards.outside import hand_out_changes
from stores.org.access import actor_of, actor_of_guide
from stores.org.models import Account, MachineKey
from tests.cast import PASSWORD, Cast
from tests.members.builders import TESTER, a_channel_code
from tests.members.rewards.builders import an_outside_master
from tests.members.wechat import Phone

pytestmark = pytest.mark.django_db


def _own_copy(cast: Cast) -> None:
    desk.copy_document(cast.chen, by=TESTER)


def _asked(cast: Cast, kind: str) -> SubjectRequest:
    row = open_request(cast.chen.pk, kind, by=TESTER)
    return check_identity(row.pk, how="回拨登记手机号", member_id=cast.chen.pk, by=TESTER)


def _copy_by_hq(cast: Cast) -> None:
    desk.download_copy(_asked(cast, "copy"), by=TESTER)


def _transfer_elsewhere(cast: Cast) -> None:
    desk.transfer(_asked(cast, "port"), to="另一家", terms=Portability(True, True, True), by=TESTER)


def _incident_list(cast: Cast) -> None:
    by, now = actor_of_guide(cast.lin), timezone.now()
    reveal_phone(cast.chen.pk, reason="delivery", by=by)
    row = Incident.objects.create(
        kind="leak", title="账号被盗", actor=str(by), began_at=now - timedelta(hours=1),
        ended_at=now + timedelta(hours=1),
    )  # fmt: skip
    assert duties.affected_list(row, by=TESTER)


def _entity_transfer(cast: Cast) -> None:
    assert transferring.pass_members(
        cast.entity.pk, cast.franchise.pk, (), limit=10, by=TESTER
    ) == (1, 0, 0)


def _list_export(cast: Cast) -> None:
    other = Account.objects.create_superuser("hq2", PASSWORD, name="总部小吴")
    key = str(Audience.objects.create(name="全部", rule={}).pk)
    wanted = exporting.Wanted("audience", key, ["name"], "市场部", "邀请函")
    row = exporting.ask_for_export(wanted, account=cast.hq, by=TESTER)
    exporting.approve_export(row.pk, account=other, by=TESTER)
    exporting.show_password(row.pk, account=cast.hq, by=actor_of(cast.hq))
    exporting.take_export(row.pk, account=cast.hq, by=actor_of(cast.hq))


def _outside_changes(cast: Cast) -> None:
    master = an_outside_master(cast.entity)
    PointsProposal.objects.create(
        entity=cast.entity, member=cast.chen, points=5, source="line:x", once="x"
    )
    key = MachineKey.objects.create(name="erp", source=master.source, digest="d", scopes=[])
    page = hand_out_changes(master.pk, after=0, limit=9, key=key, by=TESTER)
    assert len(page.rows) == 1


def _told(kind: str, subject: str, **payload: int) -> DomainEvent:
    return DomainEvent.objects.create(kind=kind, subject=subject, payload=payload, actor="test")


def _send_code(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    visit = Registration.objects.create(channel_code=code, guide=cast.lin, store=cast.guomao)
    row = OneTimeCode.objects.create(
        registration=visit, phone="+8613900000001", code="123456", digest=b"d" * 32,
        expires_at=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    event = _told("code_requested", f"code:{shown_id(row.public_id)}", one_time_code=row.pk)
    inbound.send_code(event)
    inbound.send_code(event)


def _tell_old_phone(cast: Cast) -> None:
    row = PhoneChange.objects.create(
        member=Member.objects.get(pk=cast.chen.pk), phone="+8613900000002", state="waiting",
        waits_until=timezone.now() + timedelta(days=3),
    )  # fmt: skip
    inbound.tell_old_phone(_told("phone_change_waiting", "x", change=row.pk))


TRIALS: list[tuple[str, Callable[[Cast], None]]] = [
    ("own_copy", _own_copy),
    ("copy_by_hq", _copy_by_hq),
    ("transfer_elsewhere", _transfer_elsewhere),
    ("incident_list", _incident_list),
    ("entity_transfer", _entity_transfer),
    ("list_export", _list_export),
    ("outside_changes", _outside_changes),
    ("sms", _send_code),
    ("sms", _tell_old_phone),
]


def test_every_path_of_the_register_is_tried_and_exists() -> None:
    assert {what for what, _ in TRIALS} == set(EMITTERS)
    for emitter in EMITTERS.values():
        for door in emitter.doors:
            module, _, name = door.rpartition(".")
            assert callable(getattr(import_module(module), name)), door


@pytest.mark.parametrize(("what", "go"), TRIALS, ids=[go.__name__ for _, go in TRIALS])
def test_a_path_writes_exactly_one_line(
    what: str, go: Callable[[Cast], None], cast: Cast, phone: Phone
) -> None:
    go(cast)
    assert [line.what for line in Disclosure.objects.all()] == [what]
    if what == "sms":
        assert len(phone.taken) == 1
