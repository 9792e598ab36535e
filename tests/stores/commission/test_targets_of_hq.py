"""Head office types targets in yuan, for a month, whatever its day."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from stores.commission.models import Target
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_target_is_typed_in_yuan_and_kept_in_cents(cast: Cast) -> None:
    hq = Client()
    hq.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    said = {"month": "2026-11-17", "store": cast.guomao.pk, "guide": "", "yuan": "88000.50"}
    answer = hq.post(reverse("admin:stores_target_add"), said)
    assert answer.status_code == 302, answer.context["adminform"].errors
    row = Target.objects.get()
    assert (row.month.isoformat(), row.amount) == ("2026-11-01", 8_800_050)
    page = hq.get(reverse("admin:stores_target_change", args=[row.pk])).content.decode()
    assert "目标（元）" in page
    assert 'value="88000.5' in page
    assert hq.post(reverse("admin:stores_target_add"), said).status_code == 200
