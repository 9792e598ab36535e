"""Acquisition links are mirrored with who came by them and who spoke; a low balance is seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from kit.actor import Actor, ActorKind, Scope
from kit.events import DomainEvent
from tests.cast import Cast
from tests.sandbox import CHEN, WU, Sandbox
from tests.wecom.directory.test_staff import differences
from wecom.directory.inbound_of_reach import balance_told, customer_spoke, link_told
from wecom.directory.links import note_spoke
from wecom.directory.models import SweepState
from wecom.directory.models_of_reach import (
    AcquisitionBalance,
    AcquisitionCustomer,
    AcquisitionLink,
)
from wecom.directory.queries_of_reach import links_with_news
from wecom.directory.rules_of_reach import warning_after
from wecom.directory.sweeping import sweep_through
from wecom.gateway import gateway_of
from wecom.inbox.models import InboxMessage

TESTER = Actor.system("test")


def news(change: str, **payload: object) -> DomainEvent:
    kind = f"wecom.customer_acquisition.{change}"
    return DomainEvent(kind=kind, at=timezone.now(), payload={"app": "main", **payload})


def came() -> set[tuple[str, str, str, str]]:
    with scope_of(TESTER):
        rows = AcquisitionCustomer.objects.select_related("link")
        return {(r.external_userid, r.userid, r.channel, r.chat_state) for r in rows}


@pytest.fixture
def link(wecom: Sandbox, cast: Cast) -> AcquisitionLink:
    """A link to Zhou by which Wu came."""
    made = gateway_of().create_acquisition_link("春季", ["zhouning"])
    wecom.act("scan_acquisition_link", customer=WU, url=f"{made.url}?customer_channel=spring")
    sweep_through("acquisition")
    return AcquisitionLink.objects.get(link_id=made.link_id)


def test_links_and_who_came_are_mirrored(wecom: Sandbox, link: AcquisitionLink) -> None:
    assert (link.name, link.userids, link.gone_at) == ("春季", ["zhouning"], None)
    assert came() == {(WU, "zhouning", "spring", "silent")}
    wecom.act("start_chat", customer=WU, userid="zhouning")
    assert sweep_through("acquisition").found == 0
    assert came() == {(WU, "zhouning", "spring", "spoke")}
    row = AcquisitionBalance.objects.get()
    assert (row.total - row.balance, row.warning) == (1, "")


def test_a_changed_and_a_deleted_link_are_found(wecom: Sandbox, link: AcquisitionLink) -> None:
    gateway_of().update_acquisition_link(link.link_id, "夏季", ["linxiao"])
    assert differences(sweep_through("acquisition")) == {
        (f"link:{link.link_id}", "获客链接变更", True)
    }
    gateway_of().delete_acquisition_link(link.link_id)
    assert differences(sweep_through("acquisition")) == {
        (f"link:{link.link_id}", "获客链接已删除", True)
    }
    link.refresh_from_db()
    assert (link.name, link.gone_at is None) == ("夏季", False)
    # Who came by it stays known.
    assert len(came()) == 1


def test_callbacks_lead_to_a_look_at_their_link(wecom: Sandbox, link: AcquisitionLink) -> None:
    gateway_of().update_acquisition_link(link.link_id, "夏季", ["zhouning"])
    for _ in range(2):
        link_told(news("link_unavailable", link_id=link.link_id))
    link.refresh_from_db()
    assert (link.name, link.unavailable_at is None) == ("夏季", False)
    wecom.act("delete_acquisition_link", link_id=link.link_id)
    for _ in range(2):
        link_told(news("delete_link", link_id=link.link_id))
    link.refresh_from_db()
    assert link.gone_at is not None


def test_who_spoke_is_known_by_the_key_or_by_her_ids(wecom: Sandbox, link: AcquisitionLink) -> None:
    made = gateway_of().create_acquisition_link("秋季", ["linxiao", "zhouning"])
    wecom.act("create_customer", external_userid="wmNew000000000000000000000000001", name="新")
    new = "wmNew000000000000000000000000001"
    who = wecom.act("scan_acquisition_link", customer=new, url=f"{made.url}?customer_channel=au")
    wecom.act("start_chat", customer=new, userid=who["userid"])
    told, *_ = (
        one
        for one in wecom.get("deliveries", event="customer_acquisition", limit=100)["deliveries"]
        if "ChatKey" in str(one)
    )
    key = str(told).split("<ChatKey><![CDATA[")[1].split("]]")[0]
    ids = {"external_userid": new, "userid": who["userid"].lower()}
    for _ in range(2):
        customer_spoke(news("customer_start_chat", **ids, chat_key=key))
    assert (new, ids["userid"], "au", "spoke") in came()
    # A key that is over, and none at all: known by the two ids.
    customer_spoke(
        news("customer_start_chat", external_userid=WU, userid="zhouning", chat_key="old")
    )
    assert (WU, "zhouning", "spring", "spoke") in came()
    customer_spoke(news("customer_start_chat", external_userid=CHEN, userid="linxiao"))
    assert CHEN not in {key for key, *_ in came()}


def test_who_spoke_is_not_made_silent_by_an_older_list(link: AcquisitionLink) -> None:
    before = timezone.now()
    assert note_spoke(external_userid=WU, userid="zhouning", at=timezone.now(), by=TESTER)
    sweep_through("acquisition")
    assert came() == {(WU, "zhouning", "spring", "spoke")}
    assert AcquisitionLink.objects.get().read_at > before


def test_a_low_balance_is_told_until_more_is_bought(
    wecom: Sandbox, cast: Cast, client: Client
) -> None:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    wecom.act("acquisition_balance", balance=50, total=1000)
    for _ in range(2):
        balance_told(news("balance_low"))
    row = AcquisitionBalance.objects.get()
    assert (row.balance, row.total, row.warning) == (50, 1000, "low")
    assert "获客额度不足" in _lines(client.get(reverse("admin:index")))
    sweep_through("acquisition")
    row.refresh_from_db()
    assert row.warning == "low"
    wecom.act("acquisition_balance", balance=0)
    sweep_through("acquisition")
    row.refresh_from_db()
    assert (row.balance, row.warning) == (0, "exhausted")
    wecom.act("acquisition_balance", balance=900)
    sweep_through("acquisition")
    row.refresh_from_db()
    assert (row.balance, row.warning, row.warned_at) == (900, "", None)
    assert "获客额度" not in _lines(client.get(reverse("admin:index")))


def _lines(page: Any) -> str:
    return " ".join(line.text for panel in page.context["lists"] for line in panel.lines)


@pytest.mark.parametrize(
    ("held", "told", "before", "balance", "total", "warning"),
    [
        ("", "", 10, 9, 100, ""),
        ("low", "", 10, 9, 100, "low"),
        ("low", "", 10, 90, 100, ""),
        ("low", "", 10, 0, 100, "exhausted"),
        ("exhausted", "low", 0, 5, 100, "low"),
        ("", "exhausted", 9, 3, 100, ""),
        ("", "expiring", 9, 9, 100, "expiring"),
        ("", "", 0, 0, 0, ""),
    ],
)
def test_what_is_warned_of(
    held: str, told: str, before: int, balance: int, total: int, warning: str
) -> None:
    assert warning_after(held, told, before=before, balance=balance, total=total) == warning


def test_a_corp_without_the_assistant_is_told_once_a_night(wecom: Sandbox, cast: Cast) -> None:
    wecom.fault("externalcontact/customer_acquisition_quota", times=-1, errcode=48002)
    sweep = sweep_through("acquisition")
    assert (sweep.state, differences(sweep)) == (
        SweepState.DONE,
        {("acquisition", "获客助手不可用", False)},
    )
    assert sweep_through("acquisition", is_full=False).found == 0


def test_a_delta_reads_links_that_callbacks_named(link: AcquisitionLink, wecom: Sandbox) -> None:
    body = (
        "<xml><Event><![CDATA[customer_acquisition]]></Event>"
        f"<LinkId><![CDATA[{link.link_id}]]></LinkId></xml>"
    )
    sweep = sweep_through("acquisition", is_full=False)
    assert (links_with_news(sweep), sweep.total) == ([], 0)
    InboxMessage.objects.create(app="main", digest=b"1" * 32, body=body)
    wecom.act("scan_acquisition_link", customer=CHEN, url=f"{link.url}?customer_channel=may")
    sweep = sweep_through("acquisition", is_full=False)
    assert links_with_news(sweep) == [link.link_id]
    assert (CHEN, "zhouning", "may", "silent") in came()


def test_rows_that_name_customers_are_for_those_who_see_everybody(link: AcquisitionLink) -> None:
    a_manager = Actor(ActorKind.ACCOUNT, "manager", Scope(stores=frozenset({1}), guide=1))
    with scope_of(a_manager):
        assert not AcquisitionCustomer.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relforcerowsecurity AND relname LIKE 'wecom_%%'"
        )
        assert {name for (name,) in cursor.fetchall()} == {
            "wecom_acquisitioncustomer",
            "wecom_momentpublication",
            "wecom_archiveconsent",
            "wecom_keywordhit",
        }
