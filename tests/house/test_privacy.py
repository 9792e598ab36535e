"""Every field of every model says what it is and how long it is kept; people's rows are guarded."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.db import connection, models

from kit.classified import Grade, Privacy
from kit.fields import SealedTextField


def own_models() -> list[type[models.Model]]:
    return [
        model for model in apps.get_models() if model._meta.app_label in settings.FIRST_PARTY_APPS
    ]


def privacy_of(model: type[models.Model]) -> Privacy | None:
    found = vars(model).get("privacy")
    return found if isinstance(found, Privacy) else None


def test_every_model_declares_its_fields_and_retention() -> None:
    wrong = []
    for model in own_models():
        privacy = privacy_of(model)
        if privacy is None or not privacy.keep:
            wrong.append(f"{model._meta.label}: no declaration")
            continue
        fields = {field.name for field in model._meta.concrete_fields}
        wrong += [
            f"{model._meta.label}.{name}: not declared" for name in fields - set(privacy.grades)
        ]
        wrong += [
            f"{model._meta.label}.{name}: no such field" for name in set(privacy.grades) - fields
        ]
    assert sorted(wrong) == []


# Sealed since it opens something else; it is of nobody.
SECRETS = {"members.DataExport.password"}


def test_sealed_fields_are_personal_and_names_and_phones_are_sealed() -> None:
    wrong = []
    for model in own_models():
        privacy = privacy_of(model)
        for field in model._meta.concrete_fields:
            grade = privacy.grades.get(field.name) if privacy else None
            sealed = isinstance(field, SealedTextField)
            is_secret = f"{model._meta.label}.{field.name}" in SECRETS
            if sealed and not is_secret and grade in {Grade.PUBLIC, Grade.INTERNAL}:
                wrong.append(f"{model._meta.label}.{field.name}: sealed but {grade}")
            if (
                field.name in {"phone", "ip", "signature"}
                and grade == Grade.PERSONAL_HIGH
                and not sealed
            ):
                wrong.append(f"{model._meta.label}.{field.name}: {grade} in the clear")
    assert wrong == []


def _points_at_people(model: type[models.Model]) -> bool:
    return any(
        (
            isinstance(field, models.ForeignKey)
            and getattr(field.related_model, "__name__", "") in {"Member", "Contact"}
        )
        or field.name == "member_no"
        for field in model._meta.concrete_fields
    ) or model.__name__ in {"Member", "Contact"}


def test_tables_with_people_are_under_forced_row_security(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        guarded = {name for (name,) in cursor.fetchall()}
    open_tables = [
        model._meta.label
        for model in own_models()
        if _points_at_people(model)
        and model._meta.db_table not in guarded
        # Numbers merged into one another; says nothing of anybody.
        and model.__name__ != "MergedMember"
    ]
    assert open_tables == []


def test_the_working_role_is_no_superuser_and_owns_no_table(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)
        cursor.execute(
            "SELECT count(*) FROM pg_tables"
            " WHERE tableowner = current_user AND schemaname = 'public'"
        )
        assert cursor.fetchone() == (0,)


def test_ledgers_refuse_to_be_changed(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname LIKE 'refuse_change%'"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    assert {"stores_touch", "stores_purchaseline", "members_consentevent"} <= guarded
