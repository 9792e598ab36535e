"""Requests close with a result or a reason, never otherwise; who is late stands on HQ's page."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import settings as tried
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kit.actor import Actor
from members.consent.queries import may
from members.identity.access import actor_of_member
from members.identity.models import MemberState
from members.privacy import answering, desk
from members.privacy.actions import open_request
from members.privacy.errors import NotPortable, PrivacyError
from members.privacy.models import Disclosure, RequestKind, RequestState, SubjectRequest
from members.privacy.panels import alarms_at, panels
from members.privacy.rules import Clock, Portability, clock_of, due_of, unmet_conditions
from tests.cast import Cast, make_cast
from tests.members.builders import TESTER, grant

FULL = os.environ.get("FAULT_TRIALS") == "full"
EXAMPLES, STEPS = (500, 50) if FULL else (4, 12)
CLOSED = {RequestState.DONE, RequestState.REFUSED, RequestState.TAKEN_BACK}
words = st.sampled_from(["", "  ", "办好了", "不能核实身份，请带证件到店"])


class Requests(RuleBasedStateMachine):
    """Any order of acts, with and without words (L-28)."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.cast = make_cast()
        self.rows: list[int] = []

    @rule(kind=st.sampled_from(RequestKind.values), herself=st.booleans())
    def ask(self, kind: str, herself: bool) -> None:
        by = actor_of_member(self.cast.chen) if herself else TESTER
        row = open_request(self.cast.chen.pk, kind, "请处理", by=by)
        self.rows.append(row.pk)

    @rule(which=st.integers(0, 9), how=words)
    def check(self, which: int, how: str) -> None:
        self._try(answering.check_identity, which, how=how)

    @rule(which=st.integers(0, 9), result=words)
    def answer(self, which: int, result: str) -> None:
        self._try(answering.answer_request, which, result=result)

    @rule(which=st.integers(0, 9), because=words)
    def refuse(self, which: int, because: str) -> None:
        self._try(answering.refuse_request, which, because=because)

    @rule(which=st.integers(0, 9))
    def take_back(self, which: int) -> None:
        self._try(answering.take_back_request, which)

    def _try(self, act: Any, which: int, **said: str) -> None:
        if not self.rows:
            return
        with suppress(PrivacyError):
            act(self.rows[which % len(self.rows)], by=TESTER, **said)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)

    @invariant()
    def nothing_closed_in_silence(self) -> None:
        for row in SubjectRequest.objects.all():
            assert (row.state in CLOSED) == (row.closed_at is not None)
            if row.state == RequestState.DONE:
                assert row.result.strip()
                assert row.checked_at is not None
            if row.state == RequestState.REFUSED:
                assert row.refused_because.strip()
            assert row.due_at == due_of(row.opened_at)


pytestmark = pytest.mark.django_db


def test_no_request_closes_without_result_or_reason(db: None) -> None:
    run_state_machine_as_test(
        Requests, settings=tried(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )


def test_the_database_itself_refuses_silence(cast: Cast) -> None:
    row = open_request(cast.chen.pk, RequestKind.COPY, by=TESTER)
    for wrong in (
        {"state": "done", "closed_at": timezone.now(), "checked_at": timezone.now()},
        {"state": "refused", "closed_at": timezone.now()},
        {"state": "done", "result": "x", "closed_at": timezone.now()},
        {"state": "refused", "refused_because": "x"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SubjectRequest.objects.filter(pk=row.pk).update(**wrong)


def test_asked_by_herself_she_is_known_and_twice_is_once(cast: Cast) -> None:
    by = actor_of_member(cast.chen)
    row = open_request(cast.chen.pk, RequestKind.DELETE, "请删掉我", by=by)
    assert (row.state, row.checked_how) == (RequestState.CHECKED, "own_page")
    assert open_request(cast.chen.pk, RequestKind.DELETE, by=by).pk == row.pk


@pytest.mark.parametrize(
    ("left", "clock"),
    [(timedelta(days=4), Clock.CALM), (timedelta(days=3), Clock.PRESSING),
     (timedelta(0), Clock.PRESSING), (-timedelta(microseconds=1), Clock.OVERDUE)],
)  # fmt: skip
def test_a_deadline_has_a_colour(left: timedelta, clock: Clock) -> None:
    now = timezone.now()
    assert clock_of(now + left, now) == clock


def test_who_is_late_is_on_the_start_page(cast: Cast) -> None:
    row = open_request(cast.chen.pk, RequestKind.ACCESS, by=TESTER)
    at = row.due_at
    assert [line for line in alarms_at(at) if "请求超期" in line.text] == []
    late = [line for line in alarms_at(at + timedelta(seconds=1)) if "请求超期" in line.text]
    assert [line.figure for line in late] == ["1"]
    listing = panels(Actor.system("test"), at + timedelta(seconds=1))[0]
    assert [(line.text, line.why) for line in listing.lines] == [("查询", "已超期")]


def test_deletion_asked_for_on_her_page_happens_a_day_later(cast: Cast) -> None:
    row = open_request(cast.chen.pk, RequestKind.CLOSE, by=actor_of_member(cast.chen))
    soon = row.opened_at + timedelta(hours=23)
    assert desk.carry_out_waiting(at=soon, by=TESTER) == 0
    assert desk.carry_out_waiting(at=row.opened_at + timedelta(hours=25), by=TESTER) == 1
    cast.chen.refresh_from_db()
    row.refresh_from_db()
    assert (cast.chen.state, row.state) == (MemberState.ERASED, RequestState.DONE)


def test_who_took_it_back_stays(cast: Cast) -> None:
    row = open_request(cast.chen.pk, RequestKind.CLOSE, by=actor_of_member(cast.chen))
    answering.take_back_request(row.pk, by=actor_of_member(cast.chen))
    assert desk.carry_out_waiting(at=row.opened_at + timedelta(days=9), by=TESTER) == 0


def test_a_restricted_member_is_only_kept(cast: Cast) -> None:
    """Nothing is sent to her for any purpose (L-23)."""
    grant(cast.chen, "direct_marketing", "profiling")
    now = timezone.now()
    assert may(cast.chen, "direct_marketing", at=now, entity=cast.entity).allowed
    row = open_request(cast.chen.pk, RequestKind.RESTRICT, by=actor_of_member(cast.chen))
    desk.carry_out(row, by=TESTER)
    for purpose in ("direct_marketing", "profiling"):
        assert not may(cast.chen, purpose, at=now, entity=cast.entity).allowed
    assert answering.restrict_member(cast.chen.pk, is_restricted=False, by=TESTER)
    assert may(cast.chen, "direct_marketing", at=now, entity=cast.entity).allowed


@pytest.mark.parametrize("missing", range(4))
def test_a_transfer_wants_all_four_conditions(missing: int) -> None:
    said = [number != missing for number in range(4)]
    terms = Portability(
        is_consented_or_contractual=said[0], is_feasible=said[1], harms_nobody=said[2]
    )
    assert unmet_conditions(terms, has_recipient=True, is_checked=said[3])
    assert unmet_conditions(terms, has_recipient=False, is_checked=True)


def test_a_transfer_leaves_out_what_names_others(cast: Cast) -> None:
    row = open_request(cast.chen.pk, RequestKind.PORT, by=actor_of_member(cast.chen))
    terms = Portability(is_consented_or_contractual=True, is_feasible=True, harms_nobody=True)
    text = desk.transfer(row, to="另一品牌", terms=terms, by=TESTER).decode()
    assert "陈静" in text
    assert "members.subjectrequest" not in text
    assert Disclosure.objects.get(what="transfer_elsewhere").recipient == "另一品牌"
    with pytest.raises(NotPortable):
        desk.transfer(row, to=" ", terms=terms, by=TESTER)


def test_head_office_works_through_a_letter(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    base = "/admin/members/subjectrequest/"
    client.post(
        f"{base}add/", {"kind": "copy", "card_no": cast.chen.card_no, "words": "请寄给我一份"}
    )
    row = SubjectRequest.objects.get()
    page = client.get(f"{base}{row.pk}/change/").content.decode()
    assert "请寄给我一份" in page
    assert "先核实身份" in page
    client.post(f"{base}{row.pk}/copy/")
    assert not Disclosure.objects.exists(), "nothing is handed to somebody unknown"
    client.post(f"{base}{row.pk}/check_identity/", {"how": "回拨登记手机号"})
    answer = client.post(f"{base}{row.pk}/copy/")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "+8613800000001" in answer.content.decode()
    client.post(f"{base}{row.pk}/answer/", {"result": ""})
    row.refresh_from_db()
    assert row.state == RequestState.CHECKED
    client.post(f"{base}{row.pk}/answer/", {"result": "副本已寄出"})
    row.refresh_from_db()
    assert (row.state, Disclosure.objects.count()) == (RequestState.DONE, 1)
    assert client.get(base).status_code == 200
    assert "副本已寄出" in client.get(f"{base}{row.pk}/change/").content.decode()
