"""What an import linter cannot see: foreign keys, migrations, imports hidden inside functions."""

from __future__ import annotations

import ast

from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader

from tests.house.floors import FLOORS, ROOT, product_files


def test_no_foreign_key_points_to_a_floor_above() -> None:
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and isinstance(field.related_model, type)
        and field.related_model._meta.app_label in FLOORS
        and FLOORS.index(field.related_model._meta.app_label) > FLOORS.index(model._meta.app_label)
    ]
    assert upward == []


def test_no_migration_depends_on_a_floor_above() -> None:
    loader = MigrationLoader(None)
    upward = [
        f"{app}.{name} → {other}.{needed}"
        for (app, name), migration in loader.disk_migrations.items()
        if app in FLOORS
        for other, needed in migration.dependencies
        if other in FLOORS and FLOORS.index(other) > FLOORS.index(app)
    ]
    assert upward == []


def test_migrations_are_named_by_hand() -> None:
    named_by_machine = [
        f"{app}.{name}"
        for app, name in MigrationLoader(None).disk_migrations
        if app in FLOORS and ("_auto_" in name or name.endswith("_initial"))
    ]
    assert named_by_machine == []


def test_no_import_hides_inside_a_function() -> None:
    hidden = []
    for path in product_files():
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
                hidden += [
                    f"{path.relative_to(ROOT)}:{node.lineno} {name}"  # type: ignore[attr-defined]
                    for name in names
                    if name.split(".")[0] in FLOORS
                ]
    assert hidden == []


def test_models_are_not_fetched_by_name() -> None:
    by_name = [
        str(path.relative_to(ROOT)) for path in product_files() if "get_model(" in path.read_text()
    ]
    assert by_name == []


def test_every_floor_is_in_the_plan() -> None:
    packages = {
        path.parent.name
        for path in ROOT.glob("*/__init__.py")
        if path.parent.name not in {"tests", "bench"}
    }
    assert packages == set(FLOORS)
