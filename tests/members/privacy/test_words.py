"""What is published of the tables, and what a member reads of her copy, is in words of people."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.test import Client
from django.urls import reverse

from members.privacy.copies import Part, fields_of
from members.privacy.emitters import EMITTERS
from members.privacy.inventory import named, published
from members.privacy.models import Disclosure
from members.privacy.reading_copies import pages_of
from members.privacy.retaining import own_models
from members.rewards.rules import source_in_words
from stores.catalogue.models import Product
from tests.cast import Cast


def test_no_name_of_a_table_or_a_column_is_published() -> None:
    bare = {(line.table, line.name) for line in published() if line.words.isascii()}
    assert bare == set()
    assert {line.table for line in published() if line.title.isascii()} == set()


def test_no_screen_of_head_office_calls_a_table_or_a_column_in_english() -> None:
    own = {model for model, _ in own_models()} & set(admin.site._registry)
    assert {m._meta.label for m in own if str(m._meta.verbose_name).isascii()} == set()
    bare = {
        (model._meta.label, field.name)
        for model in own
        for field in model._meta.concrete_fields
        if str(label_for_field(field.name, model)).isascii()
    }
    assert bare == set()


def test_registers_are_read_in_words(client: Client, cast: Cast) -> None:
    Disclosure.objects.create(
        what="sms", recipient="短信网关", purpose="验证码", fields=["phone", "members.member"],
        count=1, actor="system:system",
    )  # fmt: skip
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    row = Disclosure.objects.get()
    page = client.get(reverse("admin:members_disclosure_change", args=[row.pk])).content.decode()
    for words in ("手机号、会员", "中国", EMITTERS["sms"].words):
        assert words in page
    assert "members.member" not in page
    assert source_in_words("line:till-1/A/7/2") == "小票 A/7"
    assert source_in_words("adjustment:abc") == "总部调整"


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
        [("用途", "按我的喜好推荐"), ("同意", "否"), ("自", "2026 年 11 月 22 日 16:42")],
        [("用途", "生日礼遇"), ("同意", "是")],
    ]
    assert pages[1].rows == [[("勾选", "按我的喜好推荐：否，生日礼遇：是")]]
    assert pages[2].rows == [[("IP 地址", "203.0.113.9")]]


@pytest.mark.django_db
def test_money_products_and_people_of_a_copy_are_called_by_what_she_knows(cast: Cast) -> None:
    Product.objects.create(sku="QC-3003", name="羊绒开衫", category="针织", price=79900)
    line = {"sku": "QC-3003", "amount": 79950, "currency": "CNY"}
    stage = {"last_on": "2026-09-05", "p_alive": 0.9059, "expected_purchases": 1.746}
    pages = pages_of(
        [
            Part("stores.purchaseline", "订单明细", [line]),
            Part("members.memberstage", "会员阶段", [{**stage, "value_minor": 227852}]),
            Part("members.pointsentry", "积分流水", [{"source": "line:till/D1/1", "account": "7"}]),
            Part("wecom.archiveconsent", "会话存档同意", [{"userid": cast.lin.wecom_userid}]),
            Part("members.identity", "账号标识", [{"kind": "unionid"}]),
        ]
    )
    rows = [list(row) for page in pages for row in page.rows]
    assert rows == [
        [("货号", "羊绒开衫（QC-3003）"), ("金额", "¥799.50")],
        [
            ("最近购买", "2026 年 9 月 5 日"),
            ("仍活跃的可能", "91%"),
            ("预计一年内购买次数", "1.7"),
            ("预计一年内消费", "¥2,278.52"),
        ],
        [("来源", "购物")],
        [("成员", "林晓")],
        [("种类", "微信（UnionID）")],
    ]
