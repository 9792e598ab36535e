"""PINs, hiring, leaving, keys: what the actions promise."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.hashers import check_password
from django.http import Http404

from kit.events import DomainEvent
from stores.org.access import actor_of, actor_of_guide, guide_of
from stores.org.actions import (
    choose_thumb_side,
    hire_guide,
    issue_key,
    record_leaving,
    set_pin,
)
from stores.org.errors import UnfairPin
from stores.org.keys import digest_of
from stores.org.models import Account, Guide, MachineKey
from stores.org.queries import hours_on
from tests.cast import Cast


def test_a_pin_is_kept_hashed(cast: Cast) -> None:
    set_pin(cast.lin, pin="246810", by=actor_of(cast.hq))
    kept = Guide.objects.get(pk=cast.lin.pk).pin_hash
    assert "246810" not in kept
    assert check_password("246810", kept)


def test_an_unfair_pin_changes_nothing(cast: Cast) -> None:
    with pytest.raises(UnfairPin):
        set_pin(cast.lin, pin="111111", by=actor_of(cast.hq))
    assert Guide.objects.get(pk=cast.lin.pk).pin_hash == ""


def test_a_new_guide_gets_an_account_that_no_password_opens(cast: Cast) -> None:
    new = Guide(name="孙念", employee_no="G009", store=cast.guomao, joined_on=date(2026, 11, 1))
    hire_guide(new, by=actor_of(cast.hq))
    account = Account.objects.get(username="G009")
    assert guide_of(account) == new
    assert not account.has_usable_password()
    assert not account.is_staff


def test_who_leaves_is_nobody_at_once_and_the_news_is_told_once(cast: Cast) -> None:
    for day in (date(2026, 11, 20), date(2026, 11, 21)):
        record_leaving(cast.lin, on=day, by=actor_of(cast.hq))
    account = Account.objects.get(pk=cast.lin.account_id)
    assert not account.is_active
    with pytest.raises(Http404):
        guide_of(account)
    assert DomainEvent.objects.filter(kind="guide_left").count() == 1


def test_a_key_is_kept_as_a_digest(cast: Cast) -> None:
    key = MachineKey(name="国贸收银", source="till-guomao", scopes=["purchases:write"])
    text = issue_key(key, by=actor_of(cast.hq))
    kept = MachineKey.objects.get(pk=key.pk)
    assert kept.digest == digest_of(text)
    assert text not in kept.digest


def test_the_rail_stands_left_or_right_and_nowhere_else(cast: Cast) -> None:
    by = actor_of(cast.lin.account)
    choose_thumb_side(cast.lin, side="right", by=by)
    assert Guide.objects.get(pk=cast.lin.pk).thumb_side == "right"
    with pytest.raises(ValueError, match="top"):
        choose_thumb_side(cast.lin, side="top", by=by)


def test_the_short_way_to_a_guides_scope_gives_the_same(cast: Cast) -> None:
    for guide in (cast.lin, cast.manager, cast.area_manager):
        assert actor_of_guide(guide) == actor_of(guide.account)


def test_a_stores_hours_are_read_in_one_query(
    cast: Cast, django_assert_num_queries: pytest.FixtureDef[object]
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = hours_on(cast.guomao, date(2026, 11, 21))
    assert found is not None
    assert found.closes_at is not None
    assert found.closes_at.hour == 22
