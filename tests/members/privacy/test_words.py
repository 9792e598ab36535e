"""What is published of the tables, and what a member reads of her copy, is in words of people."""

from __future__ import annotations

from django.apps import apps

from members.privacy.copies import Part, fields_of
from members.privacy.inventory import named, published
from members.privacy.reading_copies import pages_of
from members.privacy.retaining import own_models


def test_no_name_of_a_table_or_a_column_is_published() -> None:
    bare = {(line.table, line.name) for line in published() if line.words.isascii()}
    assert bare == set()
    assert {line.table for line in published() if line.title.isascii()} == set()


def test_what_her_copy_shows_of_a_row_has_a_name() -> None:
    # A copy shows the personal columns of a table, and what its room names besides.
    bare = {
        (model._meta.label, name)
        for model, _ in own_models()
        for name in fields_of(model)
        if named(apps.get_model(model._meta.label)._meta.get_field(name)).isascii()
    }
    assert bare == set()


def test_a_copy_reads_as_people_write() -> None:
    rows = [
        {"purpose": "profiling", "is_granted": False, "since": "2026-11-22T08:42:49.845814+00:00"},
        {"purpose": "profiling", "is_granted": False, "since": "2026-11-22T08:42:49.845814+00:00"},
        {"purpose": "birthday", "is_granted": True, "since": None},
    ]
    visit = {"decisions": {"profiling": False, "birthday": True}, "user_agent": ""}
    pages = pages_of(
        [
            Part("members.consentstate", "当前授权", rows),
            Part("members.registration", "注册", [visit]),
            Part("members.consentproof", "consent proof", [{"ip": "203.0.113.9"}]),
        ]
    )
    assert [page.title for page in pages] == ["当前授权", "注册", "授权凭证"]
    # The row that says the same once more is told once.
    assert pages[0].rows == [
        [("用途", "按我的喜好推荐"), ("同意", "否"), ("自", "2026-11-22 16:42")],
        [("用途", "生日礼遇"), ("同意", "是")],
    ]
    assert pages[1].rows == [[("勾选", "按我的喜好推荐：否，生日礼遇：是")]]
    assert pages[2].rows == [[("IP 地址", "203.0.113.9")]]
