"""F-13: callbacks come in any order, and the house equals WeCom's truth all the same.

`FAULT_TRIALS=full` tries 500 orders instead of two.
"""

from __future__ import annotations

import os
import random
import re

import pytest

from groups.chats.models import Group, GroupMember
from kit.actor import Actor
from kit.events import DomainEvent, Handling
from members.identity.models import Contact, Friendship
from tests.cast import make_cast
from tests.faults.test_lost_callbacks import Life, begin, friends_that_differ, groups_that_differ
from tests.members.builders import run_handlers
from tests.sandbox import GROUP, MAIN_AGENT, NOBODY, WU, Sandbox
from tests.wecom.inbox.test_reading import a_row
from wecom.inbox.actions import read_waiting
from wecom.inbox.models import InboxMessage

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = 500 if os.environ.get("FAULT_TRIALS") == "full" else 2
EVENTS = 20


def told_by(wecom: Sandbox) -> list[str]:
    """What WeCom would have told, each text once; nobody listens to it here."""
    found = wecom.get("deliveries", agent_id=MAIN_AGENT, limit=1000)["deliveries"]
    return sorted({str(one["inner_xml"]) for one in found})


def hear(texts: list[str]) -> None:
    """An empty house hears these, in this order."""
    for model in (InboxMessage, DomainEvent, GroupMember, Group, Friendship, Contact):
        model.objects.all().delete()
    for text in texts:
        a_row(text)
    while read_waiting(limit=1, by=Actor.system("test")):
        run_handlers(rounds=50)
    assert not Handling.objects.exclude(state="done").exists()


def named(texts: list[str], field: str) -> set[str]:
    return {key for text in texts for key in re.findall(rf"<{field}><!\[CDATA\[(.+?)\]\]>", text)}


def part_and_meet(wecom: Sandbox, life: Life) -> None:
    """Whoever believes the last word in the end believes that two are parted who are together."""
    for act in ("add_friend", "delete_customer", "add_friend", "leave_group", "join_group"):
        # What is so already is not done.
        life.http.post(act, json={"userid": "zhouning", "customer": WU, "chat_id": GROUP})
        wecom.post("clock", advance_seconds=1)
    assert WU in {row["external_userid"] for row in wecom.get("state/member/zhouning")["customers"]}


def test_any_order_of_callbacks_leads_to_the_same_truth(wecom: Sandbox) -> None:
    begin(wecom, NOBODY, make_cast())
    wecom.post("switches", drop_probability=0)
    life = Life(wecom, seed=13)
    # Not every act is possible at its moment.
    while len(texts := told_by(wecom)) < EVENTS:
        life.act()
    part_and_meet(wecom, life)
    texts = told_by(wecom)
    people, chats = named(texts, "ExternalUserID"), sorted(named(texts, "ChatId"))
    dice = random.Random(13)  # noqa: S311 - the same orders in every run
    for order in range(ORDERS):
        dice.shuffle(texts)
        if order == 0:
            # The worst of all: who left is heard of last.
            texts.sort(key=lambda text: "<![CDATA[del_" in text)
        hear(texts)
        differing = {one for one in friends_that_differ(wecom) if one[2] in people}
        assert differing == set(), order
        assert groups_that_differ(wecom, chats) == set(), order
    life.http.close()
    wecom.post("clock", offset_seconds=0)
