"""HQ sees how each sweep stands, begins one by a button, and may stop it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from stores.org.models import Account
from tests.cast import PASSWORD, Cast
from wecom.directory.models import Difference, Sweep, SweepState

SWEEPS = "admin:wecom_sweep_changelist"


@pytest.fixture
def hq(cast: Cast, client: Client) -> Client:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_button_begins_a_sweep_once(hq: Client) -> None:
    for _ in range(2):
        assert hq.post(reverse(SWEEPS), {"sweep_now": "tags"}).status_code == 302
    sweep = Sweep.objects.get()
    assert (sweep.kind, sweep.state, sweep.is_thorough) == ("tags", SweepState.RUNNING, True)
    assert hq.post(reverse(SWEEPS), {"sweep_now": "nonsense"}).status_code == 302
    assert Sweep.objects.count() == 1


def test_who_may_only_look_cannot_begin(cast: Cast, client: Client) -> None:
    looker = Account.objects.create_user("looker", PASSWORD, name="看", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_sweep"))
    client.force_login(looker, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse(SWEEPS))
    assert page.status_code == 200
    assert "立即对账" not in page.content.decode()
    client.post(reverse(SWEEPS), {"sweep_now": "tags"})
    assert not Sweep.objects.exists()


def test_progress_and_differences_are_on_the_page(hq: Client) -> None:
    sweep = Sweep.objects.create(kind="groups", done=7, total=20, found=2, repaired=1)
    Difference.objects.create(sweep=sweep, subject="group:wr1", what="群主不是导购")
    text = hq.get(reverse(SWEEPS)).content.decode()
    assert "7 / 20" in text
    assert "立即对账" in text
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
