"""Of very many codes and pushes nothing is lost: not in a file, not in what a material led to."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone

from kit.actions import scope_of
from kit.fields import shown_id
from stores.figures.dashboard import read_asked
from stores.figures.exporting import _sources
from stores.figures.models import SourceDay
from stores.figures.queries import read_days
from stores.org.access import actor_of
from tests.cast import Cast
from tests.groups.builders import a_material, a_push

MANY = 53


@pytest.fixture
def material(cast: Cast) -> str:
    """One material went out with many pushes; as many codes were scanned."""
    material = a_material(cast.hq)
    day = timezone.localdate()
    rows = []
    for number in range(MANY):
        push = a_push(cast.hq, material)
        said = {"store_no": cast.guomao.pk, "sales": 1_000 + number}
        rows += [
            SourceDay(kind="push", source=shown_id(push.public_id), day=day, pushes=2, **said),
            SourceDay(kind="code", source=f"old-{number}", day=day, scans=3, pushes=9, **said),
        ]
    # Of a push that sold nothing this week, last week's still stand beside this one's.
    early = SourceDay(
        kind="push", source=shown_id(a_push(cast.hq, material).public_id), sales=77,
        day=day - timedelta(days=8), store_no=cast.guomao.pk,
    )  # fmt: skip
    SourceDay.objects.bulk_create([*rows, early])
    return shown_id(material.public_id)


def test_a_file_holds_every_source(client: Client, cast: Cast, material: str) -> None:
    client.force_login(cast.hq)
    answer = client.get("/admin/stores/storeday/export/sources/csv/?period=7")
    _, *rows = csv.reader(StringIO(answer.content.decode("utf-8-sig")))
    assert len(rows) == 2 * MANY
    assert {row[3] for row in rows if row[0] == "渠道码"} == {"3"}
    assert {row[2] for row in rows if row[0] == "群发"} == {"冬季新品"}


def test_beyond_so_many_the_rest_is_one_line_and_the_sum_stays(cast: Cast, material: str) -> None:
    with scope_of(actor_of(cast.hq)):
        asked = read_asked({"period": "7"}, actor_of(cast.hq).scope, timezone.now())
        whole, cut = list(_sources(asked))[1:], list(_sources(asked, most=10))[1:]
    assert len(cut) == 2 * 11
    assert [row[1] for row in cut if "其他" in str(row[1])] == [f"其他 {MANY - 10} 个"] * 2
    for column in (3, 4):
        amounts = [[round(100 * float(str(row[column]))) for row in rows] for rows in (whole, cut)]
        assert sum(amounts[0]) == sum(amounts[1])


def test_a_material_counts_all_its_pushes_in_both_times(cast: Cast, material: str) -> None:
    terms = {"period": "7", "material": material}
    with scope_of(actor_of(cast.hq)):
        asked = read_asked(terms, actor_of(cast.hq).scope, timezone.now())
        _, now, before = read_days(asked.choice)
    assert now["sales"] == sum(1_000 + number for number in range(MANY))
    assert before["sales"] == 77
