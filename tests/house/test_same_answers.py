"""Every address as the wrong person: what is another's answers like what does not exist.

The generated matrix: each address with a thing in it × each actor it does not belong to, asked for
Lin's thing and for one that never was; status, target and page are equal. A quarter of the pairs
runs with all tests; `FAULT_TRIALS=full` goes through them all, again and again, to five thousand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any
from urllib.parse import unquote

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.fields import new_public_id, shown_id
from members.registration.models import ChannelCode
from members.registration.models_of_codes import RosterCode
from members.registration.models_of_tablet import Invitation
from stores.org.keys import digest_of, new_key
from stores.org.models import Account, Guide, MachineKey
from tests.cast import PASSWORD, Cast, a_guide
from tests.house.test_access_matrix import MATRIX, Ids, signed_in, things
from tests.members.builders import a_channel_code, a_notice

__all__ = ["things"]

FULL = os.environ.get("FAULT_TRIALS") == "full"
# Addresses with something of Lin's or of her manager's in them.
OWNED = sorted(
    name for name, row in MATRIX.items() if row.who in {"owner", "manager"} and row.thing
)
Answer = tuple[int, str, bytes]


def the_other_stores_manager(cast: Cast) -> Client:
    there = a_guide("望京店长", cast.wangjing, employee_no="M002", role="store_manager")
    return signed_in(there)


def the_other_regions_manager(cast: Cast) -> Client:
    return signed_in(a_guide("西区督导", cast.wangjing, employee_no="A002", role="area_manager"))


def who_left(cast: Cast) -> Client:
    """She is still signed in on a tablet that nobody took from her."""
    gone = a_guide("走了的", cast.guomao, employee_no="G099")
    client = signed_in(gone)
    Guide.objects.filter(pk=gone.pk).update(left_on=timezone.localdate())
    return client


def whose_account_is_closed(cast: Cast) -> Client:
    gone = a_guide("停用的", cast.guomao, employee_no="G098")
    client = signed_in(gone)
    Account.objects.filter(pk=gone.account_id).update(is_active=False)
    return client


def head_office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


def head_office_elsewhere(cast: Cast) -> Client:
    clerk = Account.objects.create_user("west", PASSWORD, name="西区小李", is_staff=True)
    clerk.regions.add(cast.west)
    client = Client()
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    return client


ACTORS: dict[str, Callable[[Cast], Client]] = {
    "a colleague": lambda cast: signed_in(cast.zhou),
    "a guide of another company": lambda cast: signed_in(cast.ma),
    "another store's manager": the_other_stores_manager,
    "another region's manager": the_other_regions_manager,
    "a former guide": who_left,
    "a closed account": whose_account_is_closed,
    "who found the link": lambda _: Client(),
    "head office": head_office,
    "head office of another region": head_office_elsewhere,
}
PAIRS = [(who, name) for name in OWNED for who in ACTORS]
# Four and nine have nothing in common: each address and each actor comes up.
CHOSEN = list(islice(cycle(PAIRS), 5_000 // 4)) if FULL else PAIRS[::4]


def never_was(ids: Ids) -> Ids:
    """The same address for a thing that does not exist."""
    other: dict[str, Any] = {
        "public_id": shown_id(new_public_id()), "receipt_no": "never", "year": 2001,
    }  # fmt: skip
    return ids | {key: value for key, value in other.items() if key in ids}


def answer(client: Client, name: str, ids: Ids, method: str) -> Answer:
    """Status, target and page, without what is drawn anew for every answer and what was asked."""
    asked = reverse(name, kwargs=ids)
    came = getattr(client, method)(asked)
    page = re.sub(rb'(value|nonce|content)="[^"]{16,}"', b"", came.content)
    target = unquote(came.headers.get("Location", "")).replace(asked, "?")
    return came.status_code, target, page.replace(asked.encode(), b"?")


def test_what_is_anothers_answers_like_what_never_was(cast: Cast, things: dict[str, Ids]) -> None:
    clients = {who: make(cast) for who, make in ACTORS.items()}
    told: list[str] = []
    for who, name in CHOSEN:
        row = MATRIX[name]
        ids = things[row.thing]
        for method in ("get", "post") if FULL else (row.method,):
            there = answer(clients[who], name, ids, method)
            nowhere = answer(clients[who], name, never_was(ids), method)
            if there != nowhere or there[0] == 200:
                told.append(f"{who}, {method} {name}: {there[0]} and {nowhere[0]}")
    assert sorted(set(told)) == []
    assert {who for who, _ in CHOSEN} == set(ACTORS)
    if FULL:
        assert {name for _, name in CHOSEN} == set(OWNED)


def ended_codes(cast: Cast) -> Iterator[tuple[str, str]]:
    """Addresses of codes that were good once."""
    a_notice(cast.entity)
    code = a_channel_code(cast.lin)
    ChannelCode.objects.filter(pk=code.pk).update(is_active=False)
    yield "member-join", code.token
    roster = RosterCode.objects.create(kind="roster", store=cast.guomao, is_active=False)
    yield "member-roster", roster.token
    invitation = Invitation.objects.create(
        guide=cast.lin, store=cast.guomao, channel_code=a_channel_code(cast.lin, scene="till"),
        begun_at=timezone.now(), expires_at=timezone.now(),
    )  # fmt: skip
    yield "member-invited", invitation.token


def test_a_code_that_ended_answers_like_one_that_never_was(cast: Cast) -> None:
    for name, token in ended_codes(cast):
        there = answer(Client(), name, {"token": token}, "get")
        nowhere = answer(Client(), name, {"token": "A" * len(token)}, "get")
        assert there == nowhere, name
        assert "林晓" not in there[2].decode()


def test_another_machines_receipt_answers_like_none(cast: Cast, things: dict[str, Ids]) -> None:
    key = new_key()
    MachineKey.objects.create(
        name="别的收银", source="other", digest=digest_of(key), scopes=["purchases:read"]
    )
    bearer = {"authorization": f"Bearer {key}"}
    pages = [
        Client().get(reverse("receipt", kwargs={"receipt_no": number}), headers=bearer)
        for number in ("R1", "never")
    ]
    assert pages[0].status_code == pages[1].status_code == 404
    assert pages[0].content.replace(b"R1", b"?") == pages[1].content.replace(b"never", b"?")
