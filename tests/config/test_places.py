"""Every page of HQ says that it stands where the side bar has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from stores.figures.models import FigureProof
from stores.ledger.models import Touch
from tests.cast import Cast

_LISTS = ("kit_domainevent", "stores_figureproof", "members_erasure", "members_customertransfer")


def test_a_page_stands_in_the_group_that_leads_to_it(client: Client, cast: Cast) -> None:
    """Not in the floor of its model: a floor holds screens of several groups."""
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    groups = client.get("/admin/").context["sidebar_navigation"]
    places = {
        screen["link"]: [group["title"], screen["title"]]
        for group in groups
        if group.get("title")
        for screen in group["items"]
    }
    own = [address for address in _of_no_row() if _screen_of(address, places) not in ("", address)]
    assert reverse("admin:members_recipient_audit") in own
    for address in [*own, *(reverse(f"admin:{name}_changelist") for name in _LISTS)]:
        answer = client.get(address)
        if answer.status_code == 200 and b"</html>" in answer.content:
            screen, said = _screen_of(address, places), _said(answer)
            assert said[:2] == places[screen], address
            assert len(said) == (2 if address == screen else 3), (address, said)


def test_a_row_stands_under_its_list_by_its_name(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:stores_guide_change", args=[cast.lin.pk]))
    assert _said(page) == ["门店与人", "导购", str(cast.lin)]


def test_a_row_is_called_by_our_own_day() -> None:
    """Half past one in the morning here is the day before in Greenwich."""
    begun = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
    assert str(FigureProof(begun_at=begun)) == "2026-11-23 的核对"
    assert str(Touch(kind="visit", at=begun)).endswith(" 2026-11-23 01:30")


def _of_no_row() -> list[str]:
    """Addresses of the admin in which no row's number stands, but for forms to add one."""
    (site,) = (
        one
        for one in get_resolver().url_patterns
        if isinstance(one, URLResolver) and one.namespace == "admin"
    )
    names = [name for name in site.reverse_dict if isinstance(name, str)]
    plain = [name for name in names if not site.reverse_dict.getlist(name)[0][0][0][1]]
    return sorted(reverse(f"admin:{name}") for name in plain if not name.endswith("_add"))


def _screen_of(address: str, places: dict[str, Any]) -> str:
    return max((link for link in places if address.startswith(link)), key=len, default="")


def _said(answer: Any) -> list[str]:
    head = answer.content.decode().split("<h1", 1)[1].split("</h1>", 1)[0]
    texts = [text.strip() for text in re.findall(r">([^<>]+)<", head)]
    return [text for text in texts if text and text != "chevron_right"]
