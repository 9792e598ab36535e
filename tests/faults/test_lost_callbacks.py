"""F-14: callbacks get lost, three in ten. After the sweeps the house equals WeCom's truth.

`FAULT_TRIALS=full` lives through fifty rounds instead of three. What a customer's own deletion
leaves behind WeCom's API does not tell: such a pair may stand open or ended, and is told apart
only by its callback.
"""

from __future__ import annotations

import os
import random

import httpx
import pytest
from pytest_django import Settings

from groups.chats.models import Group, GroupMember
from kit.actor import Actor
from members.identity.models import Friendship
from tests.cast import Cast, make_cast
from tests.faults.web import a_web_process
from tests.members.builders import run_handlers
from tests.processes import wait_for
from tests.sandbox import CHEN, GROUP, WU, Sandbox, a_world
from tests.servers import TestServers
from wecom.directory.models import SweepState
from wecom.directory.sweeping import sweep_through
from wecom.inbox.actions import read_waiting

pytestmark = pytest.mark.django_db(transaction=True)

TRIALS = 50 if os.environ.get("FAULT_TRIALS") == "full" else 3
ACTS = 25
GUIDES = {"linxiao": "LinXiao", "zhouning": "zhouning", "machi": "machi"}
PEOPLE = [CHEN, WU, *(f"wmLost{n:026d}" for n in range(4))]
FRIENDLY = ("add_friend", "add_friend", "delete_guide", "delete_customer", "edit_customer")
Differences = set[tuple[str, ...]]


class Life:
    """What people do without a plan, under a seed."""

    def __init__(self, wecom: Sandbox, seed: int) -> None:
        self.wecom = wecom
        self.http = httpx.Client(base_url=f"{wecom.url}/sandbox/control/api/acts/")
        self.chance = random.Random(seed)  # noqa: S311 - an order, not a secret
        self.chats = [GROUP]

    def act(self) -> None:
        """One act in a second of its own; what is impossible at the moment does not happen."""
        pick, name = self.chance.choice, self.chance.choice([*FRIENDLY, *GROUPS])
        what: dict[str, object] = {"chat_id": pick(self.chats), "customer": pick(PEOPLE)}
        if name in FRIENDLY:
            what |= {"userid": pick(list(GUIDES.values())), "remark": f"记{self.chance.random()}"}
        if name == "create_group":
            owner, *others = self.chance.sample(list(GUIDES.values()), 3)
            what = {"owner": owner, "name": "新群", "members": [pick(PEOPLE), *others]}
        if name == "rename_group":
            what["name"] = f"群{self.chance.randrange(1000)}"
        if name == "change_owner":
            what["owner"] = pick(list(GUIDES.values()))
        answer = self.http.post(name, json=what)
        assert answer.status_code in (200, 409), answer.text
        if name == "create_group":
            self.chats.append(answer.json()["chat_id"])
        self.wecom.post("clock", advance_seconds=1)


GROUPS = (
    "join_group", "join_group", "leave_group", "rename_group", "change_owner", "create_group",
    "dismiss_group",
)  # fmt: skip


def callbacks_have_arrived(wecom: Sandbox) -> bool:
    return not any(
        wecom.get("deliveries", state=state, limit=1)["deliveries"]
        for state in ("waiting", "sending")
    )


def hear_everything(wecom: Sandbox) -> None:
    """What was not lost arrives and is handled."""
    wait_for(lambda: callbacks_have_arrived(wecom), "the callbacks that were not lost")
    while read_waiting(by=Actor.system("test")):
        pass
    run_handlers(rounds=50)


def friends_that_differ(wecom: Sandbox) -> Differences:
    """Pairs that stand open on one side only, or under another remark."""
    ours = {
        (row.guide.wecom_userid, row.contact.external_userid): row.remark or ""
        for row in Friendship.objects.filter(until=None).select_related("guide", "contact")
    }
    found: Differences = set()
    seen = set()
    for userid, theirs in GUIDES.items():
        for row in wecom.get(f"state/member/{theirs}")["customers"]:
            pair = (userid, row["external_userid"])
            seen.add(pair)
            if row["status"] == "friends" and pair not in ours:
                found.add(("missing", *pair))
            elif row["status"] == "friends" and ours[pair] != row["remark"]:
                found.add(("remark", *pair))
    return found | {("extra", str(userid), key) for userid, key in set(ours) - seen}


def groups_that_differ(wecom: Sandbox, chats: list[str]) -> Differences:
    """Groups whose name, owner, standing or people are not WeCom's."""
    held = {group.chat_id: group for group in Group.objects.active().select_related("owner")}
    found: Differences = set()
    for chat_id in chats:
        truth = wecom.get(f"state/group/{chat_id}", limit=1)
        theirs, group = truth["group"], held.get(chat_id)
        if theirs["dismissed"] or group is None:
            if bool(theirs["dismissed"]) != (group is None):
                found.add(("group", chat_id))
            continue
        stays = GroupMember.objects.filter(group=group, left_at=None)
        inside = {row["member_id"].lower() for row in truth["members"]}
        if {one.lower() for one in stays.values_list("person_id", flat=True)} != inside:
            found.add(("people", chat_id))
        if (group.name, group.owner.wecom_userid) != (theirs["name"], theirs["owner"].lower()):
            found.add(("head", chat_id))
    return found


def test_after_the_sweeps_the_house_equals_the_truth(
    wecom: Sandbox, servers: TestServers, settings: Settings
) -> None:
    cast = make_cast()
    (app, *_) = a_world()["apps"]
    without_sweeps: Differences = set()
    with a_web_process(
        servers, token=app["callback_token"], aes_key=app["callback_aes_key"]
    ) as web:
        begin(wecom, web.url, cast)
        life = Life(wecom, seed=14)
        for trial in range(TRIALS):
            for _ in range(ACTS):
                life.act()
            hear_everything(wecom)
            without_sweeps |= friends_that_differ(wecom) | groups_that_differ(wecom, life.chats)
            for kind in ("contacts", "groups"):
                sweep = sweep_through(kind)
                assert (sweep.state, sweep.error) == (SweepState.DONE, ""), trial
            run_handlers(rounds=50)
            assert friends_that_differ(wecom) == set(), trial
            assert groups_that_differ(wecom, life.chats) == set(), trial
    # The control: it was the sweeps that did it.
    assert without_sweeps
    life.http.close()
    wecom.post("clock", offset_seconds=0)


def begin(wecom: Sandbox, callback_url: str, cast: Cast) -> None:
    """Three guides, six customers, one group, three callbacks in ten lost; some hours ago."""
    world = a_world()
    wecom.reset(
        callback_url=callback_url,
        members=[
            *world["members"],
            {"userid": "machi", "name": cast.ma.name, "department": [2]},
        ],
        groups=[
            {
                "chat_id": GROUP,
                "name": "国贸会员群",
                "owner": "LinXiao",
                "members": [CHEN, WU, "zhouning", "machi"],
            }
        ],
        customers=[{"external_userid": key, "name": f"客{key[-2:]}"} for key in PEOPLE],
    )
    wecom.post("switches", drop_probability=0.3)
    wecom.post("clock", offset_seconds=-4 * 3600)
