"""HQ sees how each sweep stands, begins one by a button, and may stop it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from kit.fields import shown_id
from tests.cast import Cast
from wecom.directory.models import Difference, Sweep

SWEEPS = "admin:wecom_sweep_changelist"


@pytest.fixture
def hq(cast: Cast, client: Client) -> Client:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_one_sweep_says_who_began_it_and_leads_to_its_differences(hq: Client, cast: Cast) -> None:
    by_hand = Sweep.objects.create(
        kind="tags", begun_by=f"account:{shown_id(cast.hq.public_id)}", found=2, repaired=1
    )
    page = hq.get(reverse("admin:wecom_sweep_change", args=[by_hand.pk])).content.decode()
    assert str(cast.hq) in page
    assert "2 条差异，1 条未修复" in page
    by_clock = Sweep.objects.create(kind="groups", begun_by="system:system")
    page = hq.get(reverse("admin:wecom_sweep_change", args=[by_clock.pk])).content.decode()
    assert "system:system" not in page
    assert "没有差异" in page


def test_progress_and_differences_are_on_the_page(hq: Client) -> None:
    sweep = Sweep.objects.create(kind="groups", done=7, total=20, found=2, repaired=1)
    Difference.objects.create(sweep=sweep, subject="group:wr1", what="群主不是导购")
    text = hq.get(reverse(SWEEPS)).content.decode()
    assert "7 / 20" in text
    assert reverse("admin:wecom_health_changelist") in text
    found = hq.get(reverse("admin:wecom_difference_changelist"), {"sweep__id__exact": sweep.pk})
    assert "群主不是导购" in found.content.decode()


def test_hq_pauses_goes_on_and_cancels_by_the_list(hq: Client) -> None:
    sweep = Sweep.objects.create(kind="groups")
    for act, state in (("pause", "paused"), ("go_on", "running"), ("cancel", "cancelled")):
        hq.post(reverse(SWEEPS), {"action": act, "_selected_action": [sweep.pk]})
        sweep.refresh_from_db()
        assert sweep.state == state


@pytest.mark.parametrize(
    "name",
    [
        "staff",
        "department",
        "corptag",
        "corptaggroup",
        "corpcontactway",
        "acquisitionlink",
        "acquisitioncustomer",
        "acquisitionbalance",
        "corpmoment",
        "momentpublication",
        "archiveconsent",
        "keywordhit",
    ],
)
def test_mirrors_are_shown_and_never_edited(hq: Client, name: str) -> None:
    assert hq.get(reverse(f"admin:wecom_{name}_changelist")).status_code == 200
    assert hq.get(reverse(f"admin:wecom_{name}_add")).status_code == 403
