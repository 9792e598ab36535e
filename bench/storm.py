"""Callbacks doubled, reordered and lost while workers die and Valkey forgets: what stays true?

Customers and guides act at random under a seed; 5 % of the callbacks come twice, 5 % late, 1 %
never; workers are killed, Valkey comes back empty. After one reconciliation the database equals
the sandbox's truth, and nothing happened twice. Times are printed, there is no rival.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from django.core.management import call_command
from django.db.models import Count

from bench._ground import fresh_database
from bench._system import System, corp_of, product_environment, running_system, wait_until
from groups.chats.models import Group, GroupState
from kit.actions import set_session_scope
from kit.actor import EVERYTHING, Actor
from kit.events import DomainEvent, Handling, HandlingState
from members.identity.models import Friendship
from stores.ledger.models import Touch, TouchKind
from wecom.directory.actions import begin_sweep
from wecom.directory.models import Sweep
from wecom.inbox.models import InboxMessage, InboxState

# Takes its time: `bench all` leaves it to whoever names it.
ALONE: Final = True
ACTS: Final = {"small": 1_500, "full": 100_000}
GUIDES: Final = {"small": 12, "full": 200}
CUSTOMERS: Final = {"small": 200, "full": 8_000}
KILLS: Final = {"small": 3, "full": 3}
_LANES: Final = 6
_SECONDS_APART: Final = 2.0
_SEED: Final = 20
_BY: Final = Actor.system("bench")
_PATIENCE: Final = {"small": 1_200.0, "full": 14_400.0}
# Tens of them in one second, as a busy Saturday makes: CreateTime tells nothing of their order.
SWITCHES: Final[dict[str, float]] = {
    "duplicate_probability": 0.05,
    "reorder_probability": 0.05,
    "reorder_max_s": 2.0,
    "drop_probability": 0.01,
    "callback_retry_pause_s": 1.0,
}


@dataclass
class Lane:
    """Guides whose friends and groups are changed by one hand, so that acts follow one another."""

    guides: list[str]
    dice: random.Random
    friends: set[tuple[str, str]] = field(default_factory=set)
    groups: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    # When a pair last changed: WeCom tells whole seconds, and nobody leaves and returns in one.
    changed: dict[tuple[str, str], float] = field(default_factory=dict)


Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


def run(scale: str) -> dict[str, Any]:
    """Storm, wait until every callback was handled, reconcile once, compare."""
    with fresh_database(), running_system(product_environment()) as system:
        return storm(
            system,
            acts=ACTS[scale],
            guides=GUIDES[scale],
            customers=CUSTOMERS[scale],
            kills=KILLS[scale],
            patience=_PATIENCE[scale],
        )


def storm(
    system: System, *, acts: int, guides: int, customers: int, kills: int, patience: float
) -> dict[str, Any]:
    """The whole trial on a running system; `correct` says whether both worlds are equal."""
    call_command("grow", stores=4, guides=guides, verbosity=0)
    set_session_scope(EVERYTHING)
    people = [f"wmStorm{number:025d}" for number in range(customers)]
    members = [f"x{number}" for number in range(1, guides + 1)]
    system.control("seed", **corp_of(system, members))
    system.control("seed", customers=[{"external_userid": one, "name": one} for one in people])
    system.control("switches", **SWITCHES)
    begun = time.perf_counter()
    _act(system, members, people, acts, kills)
    acted = time.perf_counter() - begun
    _wait_until_handled(system, patience)
    handled = time.perf_counter() - begun
    before = _difference(system)
    reconcile(patience)
    after = _difference(system)
    examples = [one(system) for one in after[:6]]
    return {
        "acts": acts,
        "callbacks": InboxMessage.objects.count(),
        "repeats": sum(InboxMessage.objects.values_list("repeats", flat=True)),
        "lost": len(_lost(system)),
        "kills": kills,
        "acts_per_s": acts / acted,
        "handled_s": handled,
        "different_before": len(before),
        "different_after": len(after),
        "for_example": "".join(f"\n    {line}" for line in examples),
        "twice": twice(),
        "parked": Handling.objects.filter(state=HandlingState.PARKED).count(),
        "correct": not after and twice() == 0,
    }


def _act(system: System, members: list[str], people: list[str], acts: int, kills: int) -> None:
    """All lanes at once; in between workers are killed and Valkey loses its memory.

    The breaking happens in this thread: a server ends with the thread that started it.
    """
    done = Counter[str]()
    with ThreadPoolExecutor(1) as aside:
        acting = aside.submit(asyncio.run, _act_in_lanes(system, members, people, acts, done))
        for number in range(kills + 1):
            share = (number + 1) / (kills + 2)
            wait_until(
                lambda least=acts * share: acting.done() or done["acts"] >= least,  # type: ignore[misc]
                "people to act",
                3_600,
            )
            if number < kills:
                system.kill_worker(number % 2)
            else:
                system.lose_memory()
        acting.result()


async def _act_in_lanes(
    system: System, members: list[str], people: list[str], acts: int, done: Counter[str]
) -> None:
    lanes = [
        Lane(members[number::_LANES], random.Random(_SEED + number))  # noqa: S311 - repeatable
        for number in range(_LANES)
    ]
    async with httpx.AsyncClient(
        base_url=f"{system.sandbox_url}/sandbox/control/api/acts/", timeout=60, trust_env=False
    ) as client:

        async def ask(name: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(name, json=body)
            found: dict[str, Any] = answer.json()
            if answer.status_code != httpx.codes.OK:
                raise RuntimeError(f"{name} {body}: {found}")
            done["acts"] += 1
            return found

        async def work(lane: Lane) -> None:
            while done["acts"] < acts:
                await _one_act(lane, people, ask)

        await asyncio.gather(*(work(lane) for lane in lanes))


async def _one_act(lane: Lane, people: list[str], ask: Ask) -> None:
    """What somebody does next, possible in this lane's world."""
    guide, customer = lane.dice.choice(lane.guides), lane.dice.choice(people)
    pair = (guide, customer)
    if time.monotonic() - lane.changed.get(pair, 0.0) < _SECONDS_APART:
        await asyncio.sleep(0)
        return
    lane.changed[pair] = time.monotonic()
    if lane.dice.random() < 0.35 and lane.groups:
        await _group_act(lane, customer, ask)
    elif pair not in lane.friends:
        await ask("add_friend", {"userid": guide, "customer": customer, "state": "storm"})
        lane.friends.add(pair)
    elif (kind := lane.dice.random()) < 0.4:
        await ask("edit_customer", {"userid": guide, "customer": customer, "remark": "记"})
    else:
        await ask("delete_customer" if kind < 0.7 else "delete_guide",
                  {"userid": guide, "customer": customer})  # fmt: skip
        lane.friends.discard(pair)
    if len(lane.groups) < len(lane.guides):
        made = await ask("create_group", {"owner": guide, "name": f"群{len(lane.groups)}"})
        lane.groups[made["chat_id"]] = (guide, set())


async def _group_act(lane: Lane, customer: str, ask: Ask) -> None:
    chat_id = lane.dice.choice(sorted(lane.groups))
    _, inside = lane.groups[chat_id]
    kind = lane.dice.random()
    if kind < 0.02:
        await ask("dismiss_group", {"chat_id": chat_id})
        del lane.groups[chat_id]
    elif kind < 0.1:
        name = f"群{lane.dice.randint(1, 9999)}"
        await ask("rename_group", {"chat_id": chat_id, "name": name})
    elif customer in inside:
        await ask("leave_group", {"chat_id": chat_id, "customer": customer})
        inside.discard(customer)
    else:
        await ask("join_group", {"chat_id": chat_id, "customer": customer})
        inside.add(customer)


def _wait_until_handled(system: System, patience: float) -> None:
    """The sandbox has told everything, the inbox is read, every handler has had its turn."""

    def is_quiet() -> bool:
        return (
            not _is_telling(system, "waiting")
            and not _is_telling(system, "sending")
            and not InboxMessage.objects.filter(
                state__in=[InboxState.WAITING, InboxState.AGAIN]
            ).exists()
            and not Handling.objects.filter(
                state__in=[HandlingState.WAITING, HandlingState.CLAIMED]
            ).exists()
        )

    wait_until(is_quiet, "the last callback's handlers", patience)


def reconcile(patience: float = 600.0) -> None:
    """One full sweep of contacts and of groups, carried by the workers."""
    kinds = ("contacts", "groups")
    sweeps = [begin_sweep(kind, by=_BY).pk for kind in kinds]
    wait_until(
        lambda: not Sweep.objects.filter(pk__in=sweeps, ended_at=None).exists(), "sweeps", patience
    )
    wait_until(
        lambda: (
            not Handling.objects.filter(
                state__in=[HandlingState.WAITING, HandlingState.CLAIMED]
            ).exists()
        ),
        "what the sweeps led to",
        patience,
    )


# Says one difference in words; reading what was told of a pair takes a while.
Difference = Callable[[System], str]


def _difference(system: System) -> list[Difference]:
    """Friendships and stays that only one of both worlds knows.

    A customer who deleted her guide leaves no trace that WeCom's API would show: where that very
    callback was lost, we cannot know, and it does not count.
    """
    truth = _friends(system, "friends")
    rows = Friendship.objects.filter(until=None).values_list(
        "guide__wecom_userid", "contact__external_userid"
    )
    ours = {(str(guide), contact) for guide, contact in rows}
    hidden = _friends(system, "deleted_by_customer") & _lost(system)
    stays = _stays(system)
    held = _our_stays()
    return [
        *_of_pairs("friendship unknown", truth - ours),
        *_of_pairs("friendship that is none", ours - truth - hidden),
        *_of_stays("stay unknown", stays - held),
        *_of_stays("stay that is none", held - stays),
    ]


def _of_pairs(what: str, pairs: set[tuple[str, str]]) -> list[Difference]:
    return [
        lambda system, one=one: f"{what}: {_story(system, *one)}"  # type: ignore[misc]
        for one in sorted(pairs)
    ]


def _of_stays(what: str, stays: set[tuple[str, str, str]]) -> list[Difference]:
    return [lambda _, one=one: f"{what}: {one}" for one in sorted(stays)]  # type: ignore[misc]


def _story(system: System, guide: str, customer: str) -> str:
    """What was told of two people, in the order of telling, and what we made of it."""
    told = [
        f"{row['change_type']} {row['state']} {row['inner_xml'].partition('<CreateTime>')[2][:10]}"
        for row in reversed(_deliveries(system))
        if _pair(row["inner_xml"]) == (guide, customer)
    ]
    held = Friendship.objects.filter(
        guide__wecom_userid=guide, contact__external_userid=customer
    ).values_list("since", "until", "ended_by")
    ours = [
        f"{since.timestamp():.0f}–{until.timestamp() if until else 0:.0f} {by}"
        for since, until, by in held
    ]
    return f"{guide} {customer}: told {told}, held {ours}"


def _friends(system: System, status: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    after: dict[str, str] = {}
    while page := system.look("friends", limit=1000, **after)["friends"]:
        found |= {
            (row["userid"].lower(), row["external_userid"])
            for row in page
            if row["status"] == status
        }
        after = {"userid": page[-1]["userid"], "customer": page[-1]["external_userid"]}
    return found


def _stays(system: System) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    after = ""
    while page := system.look("state/groups", limit=200, after=after)["groups"]:
        for group in page:
            if not group.get("dismissed"):
                found |= {
                    (group["chat_id"], group["name"], _person(one)) for one in group["members"]
                }
        after = page[-1]["chat_id"]
    return found


def _person(one: dict[str, Any]) -> str:
    key = str(one["member_id"])
    return key.lower() if one["type"] == 1 else key


def _our_stays() -> set[tuple[str, str, str]]:
    rows = Group.objects.filter(state=GroupState.ACTIVE, stays__left_at=None)
    return set(rows.values_list("chat_id", "name", "stays__person_id"))


def _lost(system: System) -> set[tuple[str, str]]:
    """Whose del_follow_user never left the sandbox."""
    return {
        _pair(row["inner_xml"])
        for row in _deliveries(system, "dropped")
        if row["change_type"] == "del_follow_user"
    }


def _pair(xml: str) -> tuple[str, str]:
    def field_of(name: str) -> str:
        return xml.partition(f"<{name}><![CDATA[")[2].partition("]]>")[0]

    return field_of("UserID").lower(), field_of("ExternalUserID")


def _is_telling(system: System, state: str) -> bool:
    return bool(system.look("deliveries", state=state, before=0, limit=1)["deliveries"])


def _deliveries(system: System, state: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = 0
    while page := system.look("deliveries", state=state, before=before, limit=1000)["deliveries"]:
        found += page
        before = page[-1]["id"]
    return found


def twice() -> int:
    """Effects that happened more than once: news of a friendship, its touch, a stay."""
    told = (
        DomainEvent.objects.filter(kind="friend_added")
        .values("payload__friendship")
        .annotate(times=Count("pk"))
        .filter(times__gt=1)
        .count()
    )
    friendships = Friendship.objects.count()
    touches = Touch.objects.filter(kind=TouchKind.FRIEND).count()
    return told + abs(friendships - touches)
