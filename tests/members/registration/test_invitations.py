"""Registrations begun on an iPad: one code, one person, on her own phone; without network too."""

from __future__ import annotations

import json
import os
import random
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from kit.fields import shown_id
from members.consent.models import Purpose
from members.consent.queries import current_notice, may
from members.consent.steps import Proof
from members.identity.models import Member, MemberState
from members.registration.actions import agree, request_code
from members.registration.comparing import Proven
from members.registration.doors import registrant
from members.registration.invitations import (
    LIVES,
    MOST_A_DAY,
    Begun,
    InvitationGone,
    Outcome,
    TooManyInvitations,
    at_her_store,
    begin_registration,
    fetch_spares,
    forget_pending,
    replay_begun,
    take_invitation,
)
from members.registration.joining import try_code
from members.registration.models import Registration, StartedOn
from members.registration.models_of_tablet import Invitation
from stores.org.access import actor_of_guide
from stores.org.models import Guide
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_notice, run_handlers

# The full size of F-23 by OFFLINE_BATCHES=500.
BATCHES = int(os.environ.get("OFFLINE_BATCHES", "8"))


def hers(guide: Guide) -> Actor:
    return at_her_store(actor_of_guide(guide), guide)


def signed_in(guide: Guide) -> Client:
    client = Client()
    client.force_login(guide.account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def begin(guide: Guide, **fields: Any) -> Invitation:
    return begin_registration(
        guide.pk,
        client_id=fields.pop("client_id", uuid.uuid4()),
        by=hers(guide),
        **fields,
    )


def later(**span: float) -> None:
    """So much of the database's time has passed for every invitation."""
    for name in ("expires_at", "fetched_at", "begun_at"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE members_invitation SET {name} = {name} - %s::interval",  # noqa: S608
                [f"{timedelta(**span).total_seconds()} seconds"],
            )


def prove(phone: Client, registration: Registration, number: str) -> None:
    """She agrees on her own phone and proves her number."""
    by = registrant(registration.channel_code)
    notice = current_notice(registration.store.entity)
    assert notice is not None
    agree(registration.pk, notice_id=notice.pk, granted=set(), proof=Proof(), by=by)
    row = request_code(registration.pk, phone=number, ip="10.0.0.1", by=by)
    assert try_code(registration.pk, code=str(row.code), by=by) == Proven.YES
    run_handlers()


def test_begun_on_the_ipad_finished_on_her_own_phone(cast: Cast) -> None:
    a_notice(cast.entity)
    guide = signed_in(cast.lin)
    begun = guide.post(reverse("tablet-begin"), {"called": " 陈 女士 ", "agreed": "yes"})
    page = guide.get(begun.headers["Location"]).content.decode()
    assert "陈 女士" in page
    invitation = Invitation.objects.select_related("member").get()
    assert invitation.member is not None
    assert (invitation.member.state, invitation.member.phone) == (MemberState.PENDING, None)
    phone = Client()
    address = reverse("member-invited", args=[invitation.token])
    assert "开始" in phone.get(address).content.decode()
    landed = phone.post(address)
    assert phone.get(landed.headers["Location"]).status_code == 200
    registration = Registration.objects.get()
    assert (registration.started_on, registration.guide) == (StartedOn.TABLET, cast.lin)
    prove(phone, registration, "13911112222")
    member = Member.objects.get(
        state=MemberState.ACTIVE,
        phone__isnull=False,
        owner=cast.lin,
        name__isnull=False,
        pk__gt=cast.chen.pk,
    )
    assert member.name == "陈 女士"
    assert not Member.objects.filter(state=MemberState.PENDING).exists()
    assert "已成为会员" in guide.get(begun.headers["Location"]).content.decode()


def test_nothing_may_be_sent_to_who_is_pending(cast: Cast) -> None:
    invitation = begin(cast.lin, called="陈女士")
    assert invitation.member is not None
    for purpose in (Purpose.DIRECT_MARKETING, Purpose.ORDER_SERVICE, Purpose.MEMBERSHIP):
        assert not may(invitation.member, purpose, at=timezone.now(), entity=cast.entity).allowed, (
            purpose
        )
    # Nor does she stand in any list of the guide's.
    page = signed_in(cast.lin).get(reverse("tablet-members")).content.decode()
    assert "陈女士" not in page
    missing = signed_in(cast.lin).get(reverse("tablet-member", args=[invitation.member.public_id]))
    assert missing.status_code == 404


def test_without_her_yes_not_even_a_name_is_typed(cast: Cast) -> None:
    signed_in(cast.lin).post(reverse("tablet-begin"), {"called": "陈女士"})
    member = Invitation.objects.get().member
    assert member is not None
    assert member.name is None


def test_the_same_client_id_begins_once(cast: Cast) -> None:
    client_id = uuid.uuid4()
    first, second = begin(cast.lin, client_id=client_id), begin(cast.lin, client_id=client_id)
    assert first.pk == second.pk
    # Another guide's iPad may have drawn the same id: that is another registration.
    assert begin(cast.zhou, client_id=client_id).pk != first.pk
    assert Member.objects.filter(state=MemberState.PENDING).count() == 2


def test_the_code_is_hers_who_comes_first_and_dead_to_others(cast: Cast) -> None:
    a_notice(cast.entity)
    invitation = begin(cast.lin)
    address = reverse("member-invited", args=[invitation.token])
    first, another = Client(), Client()
    # A messenger that opens it ahead uses nothing up.
    assert Client().get(address).status_code == 200
    assert first.post(address).status_code == 302
    dead, never = another.post(address), another.get(reverse("member-invited", args=["A" * 22]))
    assert (dead.status_code, another.get(address).status_code, never.status_code) == (404,) * 3
    assert dead.content == never.content
    assert first.get(address).status_code == 302
    assert Registration.objects.count() == 1


def test_an_expired_code_is_dead_by_the_databases_clock(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation = begin(cast.lin)
    off = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: off)
    assert Client().get(reverse("member-invited", args=[invitation.token])).status_code == 200
    monkeypatch.undo()
    later(minutes=LIVES.total_seconds() / 60 + 1)
    assert Client().get(reverse("member-invited", args=[invitation.token])).status_code == 404
    with pytest.raises(InvitationGone):
        take_invitation(invitation.pk, by=TESTER)


def test_a_code_of_a_guide_who_left_is_dead(cast: Cast) -> None:
    invitation = begin(cast.lin)
    cast.lin.left_on = timezone.localdate()
    cast.lin.save()
    with pytest.raises(InvitationGone):
        take_invitation(invitation.pk, by=TESTER)


def test_who_never_finished_is_forgotten_whole(cast: Cast) -> None:
    begin(cast.lin, called="陈女士")
    fetch_spares(cast.lin.pk, want=2, by=hers(cast.lin))
    assert forget_pending(by=TESTER) == 0
    later(days=2)
    assert forget_pending(by=TESTER) == 1
    assert not Member.objects.filter(state=MemberState.PENDING).exists()
    assert Invitation.objects.count() == 1


def test_who_was_a_member_keeps_her_name_and_her_record(cast: Cast) -> None:
    a_notice(cast.entity)
    invitation = begin(cast.lin, called="某女士")
    registration = take_invitation(invitation.pk, by=TESTER)
    prove(Client(), registration, "13800000001")
    cast.chen.refresh_from_db()
    assert cast.chen.name == "陈静"
    assert Member.objects.count() == 1


# ---------------------------------------------------------------- without network


def sync(client: Client, guide: Guide, begun: list[dict[str, Any]], want: int = 0) -> HttpResponse:
    told = {"guide": shown_id(guide.public_id), "begun": begun, "want": want}
    return client.post(
        reverse("tablet-begin-sync"), json.dumps(told), content_type="application/json"
    )  # type: ignore[return-value]


def an_entry(token: str, **fields: Any) -> dict[str, Any]:
    return {
        "client_id": str(uuid.uuid4()), "token": token, "agreed": False, "called": "",
        "said_at": "2026-11-22T10:00:00Z", **fields,
    }  # fmt: skip


def test_spare_codes_come_drawn_and_two_ipads_never_share_one(cast: Cast) -> None:
    client = signed_in(cast.lin)
    tokens = [
        {spare["token"] for spare in sync(client, cast.lin, [], 10).json()["spares"]}  # type: ignore[attr-defined]
        for _ in range(2)
    ]
    assert [len(found) for found in tokens] == [10, 10]
    assert not tokens[0] & tokens[1]
    spare = Invitation.objects.first()
    assert spare is not None
    local = spare.expires_at.astimezone(timezone.get_current_timezone())
    assert (local.hour, local.minute) == (0, 0)


def test_she_may_finish_before_the_ipad_reports(cast: Cast) -> None:
    a_notice(cast.entity)
    client = signed_in(cast.lin)
    token = sync(client, cast.lin, [], 1).json()["spares"][0]["token"]  # type: ignore[attr-defined]
    assert Client().post(reverse("member-invited", args=[token])).status_code == 302
    prove(Client(), Registration.objects.get(), "13911112222")
    entry = an_entry(token, agreed=True, called="陈女士")
    for outcome in ("begun", "known"):
        answer = sync(client, cast.lin, [entry]).json()  # type: ignore[attr-defined]
        assert answer["begun"] == [{"client_id": entry["client_id"], "outcome": outcome}]
    assert not Member.objects.filter(state=MemberState.PENDING).exists()


def test_the_ipads_clock_is_a_claim(cast: Cast) -> None:
    client = signed_in(cast.lin)
    token = sync(client, cast.lin, [], 1).json()["spares"][0]["token"]  # type: ignore[attr-defined]
    sync(client, cast.lin, [an_entry(token, said_at="1999-01-01T00:00:00Z")])
    invitation = Invitation.objects.get()
    assert invitation.said_begun_at is not None
    assert invitation.said_begun_at.year == 1999
    assert invitation.begun_at is not None
    assert abs(invitation.begun_at - timezone.now()) < timedelta(minutes=5)


def test_another_guides_queue_and_another_guides_code_are_refused(cast: Cast) -> None:
    token = fetch_spares(cast.lin.pk, want=1, by=hers(cast.lin))[0].token
    zhou = signed_in(cast.zhou)
    assert sync(zhou, cast.lin, [an_entry(token)]).status_code == 409
    answers = [
        sync(zhou, cast.zhou, [an_entry(found)]).json()["begun"][0]["outcome"]  # type: ignore[attr-defined]
        for found in (token, "A" * 22)
    ]
    assert answers == ["refused", "refused"]
    assert Invitation.objects.get().begun_at is None


@pytest.mark.parametrize("told", ["[", "[]", '{"guide": 7}', '{"begun": 3}'])
def test_what_cannot_be_read_changes_nothing(cast: Cast, told: str) -> None:
    answer = signed_in(cast.lin).post(
        reverse("tablet-begin-sync"), told, content_type="application/json"
    )
    assert answer.status_code in {400, 409}


def test_entries_that_cannot_be_read_are_answered_so_that_they_are_not_sent_for_ever(
    cast: Cast,
) -> None:
    client, good = signed_in(cast.lin), uuid.uuid4()
    rows: list[Any] = [7, {"client_id": "x", "token": "t"}, {"client_id": str(good)}]
    answer = sync(client, cast.lin, rows).json()  # type: ignore[attr-defined]
    assert [row["outcome"] for row in answer["begun"]] == ["refused"] * 3
    assert str(good) in {row["client_id"] for row in answer["begun"]}


def test_more_than_a_person_can_greet_is_refused(cast: Cast) -> None:
    by = hers(cast.lin)
    code = begin(cast.lin).channel_code
    Invitation.objects.bulk_create(
        Invitation(
            guide=cast.lin, store=cast.guomao, channel_code=code,
            expires_at=timezone.now() + timedelta(hours=1),
        )
        for _ in range(MOST_A_DAY - 1)
    )  # fmt: skip
    with pytest.raises(TooManyInvitations):
        fetch_spares(cast.lin.pk, want=1, by=by)
    assert "spares" in sync(signed_in(cast.lin), cast.lin, [], 5).json()  # type: ignore[attr-defined]


def test_random_batches_repeated_and_shuffled_end_alike(cast: Cast) -> None:
    """F-23: each begun registration counts once, whatever the way of its report."""
    by, dice = hers(cast.lin), random.Random(23)  # noqa: S311 - the same each time
    for _ in range(BATCHES):
        Invitation.objects.all().delete()
        Member.objects.filter(state=MemberState.PENDING).delete()
        spares = fetch_spares(cast.lin.pk, want=dice.randrange(1, 7), by=by)
        entries = [
            Begun(uuid.uuid4(), spare.token, dice.choice(["", "王女士"])) for spare in spares
        ]
        told = entries * dice.randrange(1, 4)
        dice.shuffle(told)
        outcomes: list[Outcome] = []
        while told:
            size = dice.randrange(1, 4)
            outcomes += replay_begun(cast.lin.pk, told[:size], by=by)
            told = told[size:]
        assert outcomes.count(Outcome.BEGUN) == len(entries)
        assert set(outcomes) <= {Outcome.BEGUN, Outcome.KNOWN}
        assert Member.objects.filter(state=MemberState.PENDING).count() == len(entries)
        known = dict(Invitation.objects.values_list("token", "client_id"))
        assert known == {entry.token: entry.client_id for entry in entries}


def test_one_client_id_for_two_codes_is_refused(cast: Cast) -> None:
    by = hers(cast.lin)
    one, two = fetch_spares(cast.lin.pk, want=2, by=by)
    client_id = uuid.uuid4()
    entries = [
        Begun(client_id, one.token),
        Begun(client_id, two.token),
        Begun(uuid.uuid4(), one.token),
    ]
    assert replay_begun(cast.lin.pk, entries, by=by) == [
        Outcome.BEGUN, Outcome.REFUSED, Outcome.REFUSED,
    ]  # fmt: skip


def test_the_kept_page_holds_nothing_of_any_customer(cast: Cast) -> None:
    begin(cast.lin, called="陈女士")
    a_member("王芳", owner=cast.lin, store=cast.guomao)
    client = signed_in(cast.lin)
    page = client.get(reverse("tablet-begin")).content.decode()
    assert "陈女士" not in page
    assert "王芳" not in page
    assert "陈女士" in client.get(reverse("tablet-begun-list")).content.decode()
    worker = client.get(reverse("tablet-worker"))
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert (
        "worker-src 'self'"
        in client.get(reverse("tablet-begin")).headers["Content-Security-Policy"]
    )
