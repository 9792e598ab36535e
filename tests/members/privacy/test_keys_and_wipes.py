"""Keys rotate and can be stopped anywhere (F-58); an entity's wipe touches nobody else (L-13)."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone

from kit.fields import DecryptError
from members.identity.models import Contact, Identity, Member, MemberState
from members.privacy.models import SubjectRequest
from members.privacy.retaining import own_models
from members.privacy.rotating import left_over, rotate, seal_again, sealed_fields
from members.privacy.wiping import FATES, Fate, Wiped, wipe_entity
from stores.org.models import LegalEntity
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_contact
from tests.members.privacy.rows import a_row

pytestmark = pytest.mark.django_db

# What a table's constraint wants beside the plainest row.
ALSO: dict[str, dict[str, Any]] = {
    "members.Member": {"state": MemberState.ACTIVE},
    "members.SubjectRequest": {"closed_at": timezone.now, "member": None},
}
MANY = 5_000 if os.environ.get("FAULT_TRIALS") == "full" else 30
OLD, NEW = (f"{n}:{base64.b64encode(n.encode() * 16).decode()}" for n in ("k1", "k2"))


@pytest.fixture
def phones(cast: Cast, settings: LazySettings) -> dict[int, str]:
    """Members sealed under the old key."""
    settings.FIELD_KEYS = OLD
    made = {
        a_member("陈", owner=None, store=cast.guomao, phone=f"+86137{n:08d}", card_no=f"k{n}").pk: (
            f"+86137{n:08d}"
        )
        for n in range(MANY)
    }
    cast.chen.save()
    Identity.objects.filter(member=cast.chen).delete()
    return made


def test_after_rotation_the_old_key_is_not_needed(
    phones: dict[int, str], settings: LazySettings
) -> None:
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    before = sum(left_over(field) for field in sealed_fields())
    assert before >= 2 * MANY
    done = rotate(by=TESTER, batch=7)
    assert sum(done.values()) == before
    assert rotate(by=TESTER) == {}
    settings.FIELD_KEYS = NEW
    assert {row.pk: row.phone for row in Member.objects.filter(pk__in=phones)} == phones
    assert {
        row.member_id: row.value for row in Identity.objects.filter(member__in=phones)
    } == phones


@pytest.mark.parametrize("broken_off_after", range(0, 20, 5))
def test_a_rotation_that_was_broken_off_goes_on(
    phones: dict[int, str], settings: LazySettings, broken_off_after: int
) -> None:
    """Ctrl-C as a row is about to be written: its batch is taken back, those before it stay."""
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    written = 0

    def interrupted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal written
        if sql.startswith("UPDATE"):
            if written == broken_off_after:
                raise KeyboardInterrupt
            written += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(interrupted), pytest.raises(KeyboardInterrupt):
        rotate(by=TESTER, batch=3)
    assert written == broken_off_after
    assert {row.pk: row.phone for row in Member.objects.filter(pk__in=phones)} == phones
    rotate(by=TESTER)
    assert sum(left_over(field) for field in sealed_fields()) == 0
    settings.FIELD_KEYS = NEW
    assert {row.pk: row.phone for row in Member.objects.filter(pk__in=phones)} == phones


def test_swapped_values_raise_instead_of_opening(
    phones: dict[int, str], settings: LazySettings
) -> None:
    keys = sorted(phones)
    pairs = list(zip(keys[::2], keys[1::2], strict=False))
    with connection.cursor() as cursor:
        for one, other in pairs:
            cursor.execute(
                "UPDATE members_member a SET phone = b.phone FROM members_member b"
                " WHERE (a.id, b.id) IN ((%s, %s), (%s, %s))",
                [one, other, other, one],
            )
    opened = 0
    for row in Member.objects.filter(pk__in=keys[: 2 * len(pairs)]):
        try:
            opened += bool(row.phone)
        except DecryptError:
            continue
    assert opened == 0
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    field = next(f for f in sealed_fields() if f.model is Member and f.name == "phone")
    with pytest.raises(DecryptError):
        seal_again(field, limit=MANY + 1, by=TESTER)


def _counts(entity_id: int) -> tuple[int, int, int, int]:
    members = Member.objects.filter(entity=entity_id)
    return (
        members.exclude(state=MemberState.ERASED).count(),
        members.exclude(phone=None).count(),
        Identity.objects.filter(entity=entity_id).count(),
        Contact.objects.filter(entity=entity_id).count(),
    )


def test_an_entity_that_leaves_takes_nobody_elses_people_along(cast: Cast) -> None:
    for n in range(3):
        a_member("李", owner=cast.lin, store=cast.guomao, phone=f"+861370000000{n}")
        a_member("王", owner=cast.ma, store=cast.wangjing, phone=f"+861370000000{n}")
    a_contact(cast.lin, external_userid="wmStranger", member=None)
    a_contact(cast.ma, external_userid="wmStranger", member=None)
    before = _counts(cast.entity.pk)
    assert wipe_entity(cast.franchise.pk, by=TESTER, batch=2) == Wiped(3, 1, 0)
    assert _counts(cast.franchise.pk) == (0, 0, 0, 0)
    assert _counts(cast.entity.pk) == before
    assert wipe_entity(cast.franchise.pk, by=TESTER) == Wiped(0, 0, 0)


def _with_entity() -> dict[str, tuple[Any, str]]:
    """Every table that names a legal entity, and by which column."""
    return {
        model._meta.label: (model, field.name)
        for model, _ in own_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is LegalEntity
    }


def test_it_is_said_of_every_table_what_becomes_of_it() -> None:
    assert sorted(set(_with_entity()) ^ set(FATES)) == []
    assert [label for label, (fate, why) in FATES.items() if fate != Fate.GOES and not why] == []


def test_no_row_that_should_go_stays_and_no_other_entity_loses_one(cast: Cast) -> None:
    """A row of every table for both: those of one are gone, those of the other all there."""
    for label, (model, name) in _with_entity().items():
        for entity in (cast.entity, cast.franchise):
            also = ALSO.get(label, {}) | ({"member": None} if label == "members.Contact" else {})
            given = {key: value() if callable(value) else value for key, value in also.items()}
            a_row(model, **{name: entity}, **given)
    words = SubjectRequest.objects.filter(entity=cast.franchise)
    for request in words:
        request.words = "她的原话"
        request.save(update_fields=["words"])
    before = {
        label: model._base_manager.filter(**{name: cast.entity}).count()
        for label, (model, name) in _with_entity().items()
    }
    done = wipe_entity(cast.franchise.pk, by=TESTER, batch=1)
    assert done.contacts >= 1
    assert done.rows >= 3
    left = {
        label
        for label, (model, name) in _with_entity().items()
        if model._base_manager.filter(**{name: cast.franchise}).exists()
    }
    assert left == {label for label, (fate, _) in FATES.items() if fate != Fate.GOES} | {
        label for label in left if label == "members.Erasure"
    }
    assert not Member.objects.filter(entity=cast.franchise).exclude(phone=None, name=None).exists()
    assert [row.words for row in SubjectRequest.objects.filter(entity=cast.franchise)] == [None]
    after = {
        label: model._base_manager.filter(**{name: cast.entity}).count()
        for label, (model, name) in _with_entity().items()
    }
    assert after == before


def test_the_command_asks_twice(cast: Cast) -> None:
    with pytest.raises(CommandError):
        call_command("wipe_entity", cast.franchise.name)
    with pytest.raises(CommandError):
        call_command("wipe_entity", "没有这家")
