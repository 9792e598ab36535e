"""One step makes what many small ones made, and databases that took the small ones go on."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Node = tuple[str, str]
# Where each floor stood before its small steps were put into one.
RELEASED = {
    "kit": "0005", "wecom": "0010", "stores": "0020", "members": "0030", "groups": "0006",
    "bot": "0003",
}  # fmt: skip


def squashed() -> dict[Node, list[Node]]:
    return {
        node: list(migration.replaces)
        for node, migration in MigrationLoader(None).disk_migrations.items()
        if migration.replaces
    }


def test_one_step_leads_where_the_small_ones_led() -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    at_once = loader.project_state(list(squashed()))
    step_by_step = loader.project_state([replaced[-1] for replaced in squashed().values()])

    assert MigrationAutodetector(step_by_step, at_once).changes(loader.graph) == {}
    # In a table the order of columns counts too.
    assert [
        key
        for key, model in at_once.models.items()
        if list(model.fields) != list(step_by_step.models[key].fields)
    ] == []


@pytest.mark.django_db
def test_a_database_that_took_the_small_steps_has_nothing_left_to_do() -> None:
    recorder = MigrationRecorder(connection)
    for node in squashed():
        recorder.record_unapplied(*node)

    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    executor.check_replacements()
    assert squashed().keys() <= recorder.applied_migrations().keys()


@pytest.mark.django_db
def test_a_database_of_the_last_release_goes_on() -> None:
    """Accounts are ours, so Django's own tables follow the stores: what is applied of those must
    not wait for a small step that is not.
    """
    recorder = MigrationRecorder(connection)
    for app, name in MigrationLoader(None).disk_migrations:
        if app in RELEASED and not "0001" <= name[:4] <= RELEASED[app]:
            recorder.record_unapplied(app, name)
    for node in squashed():
        recorder.record_unapplied(*node)

    MigrationLoader(connection).check_consistent_history(connection)


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["kit", "wecom", "stores", "members", "groups", "bot"])
def test_a_database_that_stands_in_between_takes_the_small_steps_left(app: str) -> None:
    (node,) = [node for node in squashed() if node[0] == app]
    graph = MigrationLoader(None).graph
    since = [one for one in graph.forwards_plan(graph.leaf_nodes(app)[0]) if one[0] == app]
    left = [squashed()[node][-1], *[one for one in since if one != node]]
    recorder = MigrationRecorder(connection)
    for taken in (node, *left):
        recorder.record_unapplied(*taken)

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(app))

    assert [(migration.app_label, migration.name) for migration, _ in plan] == left
