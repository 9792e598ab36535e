"""A log in another house's columns, through the ordinary import: our answers equal the raw files'.

The published log itself is run by `JOURNEY=folder manage.py bench journey`.
"""

from __future__ import annotations

from pathlib import Path

from django.db import connection

from bench.journey import compare, copy_raw, import_log, make_house, make_sample


def test_our_answers_are_those_of_the_raw_files(db: None, tmp_path: Path) -> None:
    make_sample(tmp_path, baskets=150)
    copy_raw(tmp_path)
    make_house()
    import_log(tmp_path)
    wrong, shown = compare()
    assert wrong == []
    assert shown["totals"][0][1] == 150
    assert [row[0] for row in shown["campaigns"]] == [1, 2, 3]
    assert sum(row[3] for row in shown["campaigns"]) == 90
    # The control: one cent more on their side is seen in every sum.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE raw_transactions SET sales_value = sales_value + 0.01 WHERE ctid ="
            " (SELECT ctid FROM raw_transactions ORDER BY basket_id LIMIT 1)"
        )
    assert set(compare()[0]) >= {"totals", "stores", "days", "members"}
