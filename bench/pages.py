"""Each page of the iPad, of the member's phone and of HQ, against a constant template.

One real server, one connection, pages in turn with the constant: what is measured is a page's own
work. Queries are counted in this process, for a guide with few members and for one with many.
"""

from __future__ import annotations

import http.client
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.models import Count
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bench._ground import fresh_database, median, seconds
from bench._growth import grow
from bench._system import product_environment, wait_until
from config.embedded.valkey import start_valkey
from kit.actions import action, set_session_scope
from kit.actor import EVERYTHING, NOTHING, Actor
from kit.fields import shown_id
from members.identity.models import Member
from members.lifecycle.models import MemberStage
from members.lifecycle.picking import pick_for_today
from members.lifecycle.reckoning import reckon
from members.registration.doors import remember_member
from stores.org.models import Account, Guide, Role

BENCH: Final = Actor.system("bench")
MEMBERS: Final = {"small": 20_000, "full": 15_000_000}
ROUNDS: Final = {"small": 5, "full": 40}
_PER_GUIDE: Final = 300
_TABLET: Final = (
    *("tablet-today", "tablet-members", "tablet-greet", "tablet-standing", "tablet-groups"),
    *("tablet-materials", "tablet-tasks", "tablet-figures", "tablet-drafts", "tablet-credits"),
)
_PHONE: Final = ("member-home", "member-privacy")
_CONSTANT: Final = "/bench/constant/"
_SLOW_MS: Final = 100
# Of a page that takes seconds a few looks are enough.
_FEWEST: Final = 5
_ENOUGH_MS: Final = 5_000


def run(scale: str) -> dict[str, Any]:
    """Wrong when a page does not answer 200 or asks more of a guide with many members."""
    size = MEMBERS[scale]
    logging.disable(logging.WARNING)
    with fresh_database() as ground, tempfile.TemporaryDirectory(prefix="bench-pages-") as name:
        grow(ground, scale, stores=200, guides=max(40, size // _PER_GUIDE), members=size,
             touches=size, purchases=size * 4 // 3)  # fmt: skip
        if not MemberStage.objects.exists():
            reckon()
        many, few, hq = _people(by=BENCH)
        # The night makes the lists of two hundred stores one by one; these two are looked at.
        stores = {many.store_id, few.store_id}
        picked = seconds(lambda: pick_for_today(timezone.localdate(), stores=stores)) / len(stores)
        her = Member.objects.filter(owner=many).order_by("pk")[0]
        pages = _pages(many, her, hq)
        counts = {title: _queries(address, who) for title, (address, who) in pages.items()}
        fewer = {title: _queries(reverse(title), _cookie(few.account)) for title in _TABLET}
        set_session_scope(EVERYTHING)
        valkey = start_valkey(Path(name), lambda _: None, durable=False)
        try:
            with _served({**product_environment(), "REDIS_URL": valkey.url}) as port:
                seen = _measure(port, pages, ROUNDS[scale])
        finally:
            valkey.stop()
    grown = [title for title in _TABLET if counts[title] > fewer[title] + 4]
    return {"todays_list_of_a_store_s": picked, **_told(size, seen, counts, grown)}


@action
def _people(*, by: Actor) -> tuple[Guide, Guide, Account]:
    """The guide with the most members, one with the fewest, and HQ; the first manages her store."""
    sizes = Member.objects.values_list("owner").annotate(n=Count("pk")).order_by("-n")
    ordered = [owner for owner, _ in sizes]
    guides = Guide.objects.select_related("account").in_bulk([ordered[0], ordered[-1]])
    many, few = guides[ordered[0]], guides[ordered[-1]]
    Guide.objects.filter(pk=many.pk).update(role=Role.STORE_MANAGER)
    Guide.objects.filter(pk=few.pk).update(role=Role.STORE_MANAGER)
    return many, few, _office()


def _office() -> Account:
    known = Account.objects.filter(username="bench-hq").first()
    return known or Account.objects.create_superuser("bench-hq", None, name="HQ")


def _pages(many: Guide, her: Member, hq: Account) -> dict[str, tuple[str, str]]:
    """Title → (address, the cookie of who looks)."""
    guide, office, phone = _cookie(many.account), _cookie(hq), _cookie_of_phone(her)
    pages = {title: (reverse(title), guide) for title in _TABLET}
    pages["tablet-member"] = (reverse("tablet-member", args=[shown_id(her.public_id)]), guide)
    pages |= {title: (reverse(title), phone) for title in _PHONE}
    pages["admin"] = (reverse("admin:index"), office)
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        pages[f"admin {name}"] = (reverse(f"admin:{name}_changelist"), office)
    return pages


def _cookie(account: Account) -> str:
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _cookie_of_phone(member: Member) -> str:
    response = HttpResponse()
    remember_member(response, member)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())


def _queries(address: str, cookie: str) -> int:
    """How many statements one look costs; the second, when all caches are warm."""
    client = Client(headers={"cookie": cookie}, SERVER_NAME="localhost")
    set_session_scope(NOTHING)
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)


def _measure(
    port: int, pages: dict[str, tuple[str, str]], rounds: int
) -> dict[str, tuple[float, float, float, int]]:
    """Title → (median ms, p95 ms, ratio to the constant of the same rounds, status)."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    seen = {}
    for title, (address, cookie) in pages.items():
        _look(server, address, cookie)
        ours: list[float] = []
        constant: list[float] = []
        status = 0
        while len(ours) < rounds and (len(ours) < _FEWEST or sum(ours) < _ENOUGH_MS):
            took, status = _look(server, address, cookie)
            ours.append(took)
            constant.append(_look(server, _CONSTANT, cookie)[0])
        p95 = sorted(ours)[int(0.95 * (len(ours) - 1))]
        seen[title] = (median(ours), p95, median(ours) / median(constant), status)
    server.close()
    return seen


def _look(server: http.client.HTTPConnection, address: str, cookie: str) -> tuple[float, int]:
    begun = time.perf_counter()
    server.request("GET", address, headers={"Cookie": cookie, "Host": "localhost"})
    answer = server.getresponse()
    answer.read()
    return (time.perf_counter() - begun) * 1000, answer.status


def _told(
    size: int,
    seen: dict[str, tuple[float, float, float, int]],
    counts: dict[str, int],
    grown: Sequence[str],
) -> dict[str, Any]:
    """The worst first; each page's own line follows."""
    slow = sorted(seen, key=lambda title: -seen[title][1])
    broken = [title for title, line in seen.items() if line[3] != 200]
    lines = {
        title: f"{seen[title][0]:.0f} ms, p95 {seen[title][1]:.0f} ms, {seen[title][2]:.1f}×,"
        f" {counts[title]} queries"
        for title in slow
    }
    return {
        "members": size,
        "pages": len(seen),
        "above_100_ms": [title for title in slow if seen[title][1] > _SLOW_MS],
        "median_ratio": median([line[2] for line in seen.values()]),
        "goal": "≤ 5×, p95 ≤ 100 ms",
        "not_200": broken,
        "queries_grow": list(grown),
        **lines,
        "correct": not broken and not grown,
    }


@contextmanager
def _served(known: dict[str, str]) -> Iterator[int]:
    """uvicorn with one worker; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "bench._served_page:application"]
    options = ["--port", str(port), "--log-level", "error", "--no-access-log"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [*command, *options], env={**os.environ, **known}
    )
    try:
        wait_until(lambda: _answers(port), "the pages")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _answers(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
