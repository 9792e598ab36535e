"""The iPad's group pages: hers alone, and no more queries for more rows."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups.chats.models import Group, GroupMember
from kit.fields import shown_id
from stores.org.models import Guide
from tests.cast import Cast


def a_group(owner: Guide, name: str, people: int = 2) -> Group:
    group = Group.objects.create(
        chat_id=f"wr{name}", name=name, owner=owner, store=owner.store, read_at=timezone.now(),
        member_count=people + 1, customer_count=people,
    )  # fmt: skip
    GroupMember.objects.bulk_create(
        GroupMember(
            group=group, person_id=f"wm{name}{i}", name=f"客人{i}", joined_at=timezone.now()
        )
        for i in range(people)
    )
    return group


def test_a_guide_sees_her_groups_and_nobody_elses(client: Client, cast: Cast) -> None:
    hers, other = a_group(cast.lin, "暖冬会员群"), a_group(cast.zhou, "周末试衣群")
    client.force_login(cast.lin.account)
    page = client.get("/tablet/groups/").content.decode()
    assert "暖冬会员群" in page
    assert "周末试衣群" not in page
    assert client.get(f"/tablet/groups/{shown_id(hers.public_id)}/").status_code == 200
    assert client.get(f"/tablet/groups/{shown_id(other.public_id)}/").status_code == 404


def test_her_manager_sees_the_stores_groups_and_a_stranger_none(client: Client, cast: Cast) -> None:
    group = a_group(cast.lin, "暖冬会员群")
    address = f"/tablet/groups/{shown_id(group.public_id)}/"
    client.force_login(cast.manager.account)
    assert "暖冬会员群" in client.get("/tablet/groups/").content.decode()
    assert client.get(address).status_code == 200
    client.force_login(cast.ma.account)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("page", ["list", "detail"])
def test_more_rows_ask_no_more_queries(client: Client, cast: Cast, page: str) -> None:
    group = a_group(cast.lin, "群", people=1)
    address = "/tablet/groups/"
    if page == "detail":
        address += f"{shown_id(group.public_id)}/"
    client.force_login(cast.lin.account)
    client.get(address)
    queries = _count(client, address)
    for i in range(20):
        a_group(cast.lin, f"群{i}")
        GroupMember.objects.create(
            group=group, person_id=f"wmx{i}", name="客", joined_at=timezone.now()
        )
    assert _count(client, address) == queries


def _count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
