"""What members did, told by machines: once, in order, only as far as she allows."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from members.behaviour.actions import take_events
from members.behaviour.copies import of_member
from members.behaviour.models import BehaviourCount, BehaviourEvent, BehaviourKey
from members.behaviour.months import open_months_from
from members.behaviour.rules import KINDS, MOST_LINES, Unreadable, is_allowed, read_line
from members.behaviour.steps import forget_member
from members.consent.actions import decide, leave_membership
from members.identity.models import IdentityKind, Member
from stores.org.keys import digest_of, new_key
from stores.org.models import MachineKey
from tests.cast import Cast, a_member, an_identity
from tests.members.builders import TESTER, grant, run_handlers
from tests.members.profile.test_tablet import page_of

ALLOWED = ("link_tracking", "profiling")
OPENID = "oChen0000000000000000000001"


def an_event(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "kind": "viewed",
        "touchpoint": "mini_program",
        "at": timezone.now().isoformat(),
        "member": {"openid": OPENID},
        "object": "SK-100",
        "store": "S001",
        **fields,
    }


@pytest.fixture
def chen(cast: Cast) -> Member:
    """Chen, known by her openid, allows everything."""
    an_identity(cast.chen, IdentityKind.OPENID, OPENID)
    grant(cast.chen, *ALLOWED)
    return cast.chen


def tell(*events: object, source: str = "mini", only_store: int | None = None) -> list[str]:
    found = take_events(events, source=source, only_store=only_store, by=TESTER)
    return [answer.outcome.value for answer in found]


def counted() -> dict[str, tuple[int, int]]:
    return {row.kind: (row.kept, row.only_counted) for row in BehaviourCount.objects.all()}


def test_what_she_allows_is_kept_once(chen: Member) -> None:
    assert tell(an_event(), an_event(), an_event(2, kind="opened")) == ["kept", "known", "kept"]
    assert tell(an_event(kind="carted")) == ["known"]
    assert list(BehaviourEvent.objects.order_by("event_id").values_list("member", "kind")) == [
        (chen.pk, "viewed"),
        (chen.pk, "opened"),
    ]
    assert counted() == {"viewed": (1, 0), "opened": (1, 0)}
    # Another source counts for itself.
    assert tell(an_event(), source="app") == ["kept"]


@pytest.mark.parametrize("who", ["refused", "never asked", "nobody", "left", "withdrawn"])
def test_what_nobody_allowed_is_counted_and_not_kept(cast: Cast, chen: Member, who: str) -> None:
    wu = a_member("吴桐", owner=cast.lin, store=cast.guomao)
    an_identity(wu, IdentityKind.OPENID, "oWu")
    claim = {"openid": "oWu"}
    if who == "refused":
        decide(wu.pk, dict.fromkeys(ALLOWED, False), by=TESTER)
    elif who == "nobody":
        claim = {"openid": "oNobody"}
    elif who in {"left", "withdrawn"}:
        claim = {"openid": OPENID}
        if who == "left":
            leave_membership(chen.pk, by=TESTER)
        else:
            decide(chen.pk, {"profiling": False}, by=TESTER)
    # The teller learns nothing about why.
    assert tell(an_event(member=claim)) == ["counted"]
    assert not BehaviourEvent.objects.exists()
    assert counted() == {"viewed": (0, 1)}
    assert tell(an_event(member=claim)) == ["known"]
    assert counted() == {"viewed": (0, 1)}


def test_each_kind_asks_its_own_permission(cast: Cast) -> None:
    an_identity(cast.chen, IdentityKind.OPENID, OPENID)
    grant(cast.chen, "link_tracking")
    answers = tell(*(an_event(number, kind=kind) for number, kind in enumerate(KINDS)))
    assert dict(zip(KINDS, answers, strict=True)) == {
        kind: "kept" if purpose == "link_tracking" else "counted" for kind, purpose in KINDS.items()
    }


def test_what_happened_before_she_agreed_is_not_kept(chen: Member) -> None:
    late = (timezone.now() - timedelta(days=2)).isoformat()
    assert tell(an_event(at=late)) == ["counted"]


@pytest.mark.parametrize("way", ["profiling", "link_tracking", "leave"])
def test_taking_a_permission_back_deletes_what_was_kept_under_it(chen: Member, way: str) -> None:
    tell(an_event(1), an_event(2, kind="opened"))
    if way == "leave":
        leave_membership(chen.pk, by=TESTER)
    else:
        decide(chen.pk, {way: False}, by=TESTER)
    run_handlers()
    left = {"profiling": ["opened"], "link_tracking": ["viewed"], "leave": []}[way]
    assert list(BehaviourEvent.objects.values_list("kind", flat=True)) == left


@pytest.mark.parametrize("claim", ["card", "phone", "unionid", "external_userid", "till"])
def test_she_is_found_by_whatever_leads_to_her(cast: Cast, chen: Member, claim: str) -> None:
    value = {"card": chen.card_no, "phone": "138 0000 0001"}.get(claim, f"id-of-{claim}")
    if claim not in {"card", "phone"}:
        an_identity(chen, IdentityKind(claim), value)
    assert tell(an_event(member={claim: value})) == ["kept"]


def test_another_entitys_member_is_nobody(cast: Cast, chen: Member) -> None:
    assert tell(an_event(store="S002")) == ["counted"]
    assert tell(an_event(2, store="S002"), only_store=cast.guomao.pk) == ["refused"]
    assert tell(an_event(3, store=""), only_store=cast.guomao.pk) == ["kept"]
    # Two entities, and nobody says which.
    assert tell(an_event(4, store="")) == ["refused"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"event_id": ""}, "event_id"),
        ({"event_id": "x" * 81}, "event_id"),
        ({"kind": "slept"}, "kind"),
        ({"touchpoint": "moon"}, "touchpoint"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-20T10:00:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"member": {}}, "member"),
        ({"member": {"openid": "a", "phone": "b"}}, "member"),
        ({"member": {"name": "陈静"}}, "member"),
        ({"object": "红色连衣裙"}, "object"),
        ({"note": "她说想要"}, "note"),
    ],
)
def test_a_line_at_fault_says_where(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(Unreadable) as fault:
        read_line(an_event(**fields), now=timezone.now())
    assert fault.value.where == where


def test_clocks_that_are_late_or_early() -> None:
    now = timezone.now()

    def at(moment: datetime) -> datetime:
        return read_line(an_event(at=moment.isoformat()), now=now).at

    assert at(now - timedelta(days=29)) == now - timedelta(days=29)
    assert at(now + timedelta(minutes=5)) == now
    for far in (now - timedelta(days=31), now + timedelta(hours=1)):
        with pytest.raises(Unreadable):
            at(far)
    line = read_line(an_event(at=now.isoformat()), now=now)
    assert is_allowed(line, {"profiling": now})
    assert not is_allowed(line, {"profiling": now + timedelta(seconds=1)})


def the_key(*scopes: str) -> dict[str, str]:
    key = new_key()
    MachineKey.objects.create(
        name="小程序", source="mini", digest=digest_of(key), scopes=list(scopes)
    )
    return {"authorization": f"Bearer {key}"}


def test_the_door_takes_one_a_list_and_lines(chen: Member) -> None:
    client, address = Client(), reverse("behaviour")
    headers = the_key("behaviour:write")
    one = client.post(address, an_event(1), content_type="application/json", headers=headers)
    assert one.json() == {"results": [{"event_id": "e1", "outcome": "kept"}]}
    many = client.post(
        address,
        [an_event(1), an_event(2, kind="slept")],
        content_type="application/json",
        headers=headers,
    )
    assert [row["outcome"] for row in many.json()["results"]] == ["known", "refused"]
    lines = "\n".join([json.dumps(an_event(3)), "", "no json", json.dumps(an_event(4))])
    answer = client.post(address, lines, content_type="application/x-ndjson", headers=headers)
    told = [json.loads(line) for line in answer.content.splitlines()]
    assert [row["outcome"] for row in told] == ["kept", "refused", "kept"]
    too_many = client.post(
        address,
        [1] * (MOST_LINES + 1),
        content_type="application/json",
        headers=headers,
    )
    assert too_many.status_code == 413


def test_a_thousand_lines_cost_as_many_statements_as_one(chen: Member) -> None:
    with CaptureQueriesContext(connection) as one:
        tell(an_event(0))
    with CaptureQueriesContext(connection) as many:
        answers = tell(*(an_event(number) for number in range(1, 1001)))
    assert answers == ["kept"] * 1000
    assert len(many) == len(one)


def test_it_stands_in_her_timeline_and_her_copy_and_goes_with_her(cast: Cast, chen: Member) -> None:
    tell(an_event())
    page = page_of(cast.lin, reverse("tablet-member", args=[chen.public_id]))
    assert "在小程序看了商品" in page
    with scope_of(Actor.system("copy")):
        assert of_member(chen)[0].rows[0]["object"] == "SK-100"
    forget(chen, by=TESTER)
    assert not BehaviourEvent.objects.exists()
    assert BehaviourKey.objects.exists()


@action
def forget(member: Member, *, by: Actor) -> None:
    forget_member(member, timezone.now())


def test_months_are_opened_once(db: None) -> None:
    day = (timezone.now() + timedelta(days=900)).date()
    assert open_months_from(day) == 4
    assert open_months_from(day) == 0
