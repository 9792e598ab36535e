"""What the catalogue grades high is unreadable in the database, field by field (PIPL 51)."""

from __future__ import annotations

import pytest
from django.db import connection, models
from django.utils import timezone

from kit.classified import Grade
from kit.fields import DecryptError, SealedTextField, unseal
from members.privacy.retaining import own_models
from tests.members.privacy.rows import a_row

HIGH = {Grade.PERSONAL_HIGH, Grade.SENSITIVE}
# High and not sealed: nobody reads the value out of these, or it says where a till stood.
NOT_SEALED = {
    "stores.account.password": "one way: a hash",
    "stores.guide.pin_hash": "one way: a hash",
    "stores.machinekey.digest": "one way: a digest of the key",
    "members.identity.digest": "one way: a keyed digest",
    "members.contact.unionid_digest": "one way: a keyed digest",
    "members.onetimecode.digest": "one way: a keyed digest",
    "members.importkey.digest": "one way: a keyed digest",
    "stores.purchaseline.latitude": "where a till or a market stall stood; counted by SQL",
    "stores.purchaseline.longitude": "where a till or a market stall stood; counted by SQL",
}
# What a constraint wants beside.
ALSO = {"members.SubjectRequest": {"closed_at": timezone.now()}}
CANARY = "明文QZX13912345678canary"


def sealed_fields() -> list[tuple[type[models.Model], SealedTextField]]:
    return [
        (model, field)
        for model, _ in own_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedTextField)
    ]


def test_every_field_of_a_high_grade_is_sealed_or_one_way() -> None:
    high = {
        f"{model._meta.label_lower}.{name}": model._meta.get_field(name)
        for model, privacy in own_models()
        for name, grade in privacy.grades.items()
        if grade in HIGH
    }
    clear = {name for name, field in high.items() if not isinstance(field, SealedTextField)}
    assert sorted(clear ^ set(NOT_SEALED)) == []
    one_way = [name for name, why in NOT_SEALED.items() if why.startswith("one way")]
    assert [n for n in one_way if not n.endswith(("digest", "password", "pin_hash"))] == []


@pytest.mark.parametrize(
    ("model", "field"),
    sealed_fields(),
    ids=[f"{model._meta.label}.{field.name}" for model, field in sealed_fields()],
)
def test_the_bytes_of_a_sealed_field_do_not_hold_its_words(
    db: None, model: type[models.Model], field: SealedTextField
) -> None:
    given: dict[str, object] = {field.name: CANARY, **ALSO.get(model._meta.label, {})}
    row = a_row(model, **given)
    raw = _raw(row, field)
    assert CANARY.encode() not in raw
    assert b"13912345678" not in raw
    assert len(raw) > len(CANARY.encode())
    assert unseal(raw, field.place_in(row)) == CANARY
    other = a_row(model, **given)
    assert _raw(other, field) != raw, "the same words look the same"
    with pytest.raises(DecryptError):
        unseal(raw, field.place_in(other))
    assert getattr(model._base_manager.get(pk=row.pk), field.name) == CANARY


def _raw(row: models.Model, field: SealedTextField) -> bytes:
    with connection.cursor() as cursor:
        table, key = row._meta.db_table, row._meta.pk.column
        cursor.execute(
            f'SELECT "{field.column}" FROM "{table}" WHERE "{key}" = %s',  # noqa: S608 - names in code
            [row.pk],
        )
        return bytes(cursor.fetchone()[0])
