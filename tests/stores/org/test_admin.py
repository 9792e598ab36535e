"""HQ's screens: writes by actions, rows by region, secrets neither shown nor guessed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kit.events import DomainEvent
from stores.ledger.models import PurchaseLine, ReceiptMember
from stores.org.access import actor_of
from stores.org.acted import keeps_actor, named
from stores.org.admin import GuideAdmin
from stores.org.hq import HouseAdmin, ReadOnlyAdmin, masked
from stores.org.keys import digest_of
from stores.org.models import Account, Guide, MachineKey, OpeningHours
from tests.cast import PASSWORD, Cast, a_guide


@pytest.fixture
def hq(client: Client, cast: Cast) -> Client:
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_hq_hires_a_guide_with_a_pin(hq: Client, cast: Cast) -> None:
    form = {
        "employee_no": "G010", "name": "何青", "store": cast.guomao.pk, "role": "guide",
        "wecom_userid": "HeQing", "new_pin": "135791", "thumb_side": "left",
        "joined_on": "2026-11-01",
    }  # fmt: skip
    answer = hq.post(reverse("admin:stores_guide_add"), form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    guide = Guide.objects.get(employee_no="G010")
    assert guide.wecom_userid == "heqing"
    assert guide.pin_hash
    assert guide.account.username == "G010"


def test_a_form_does_not_show_the_pin_and_refuses_an_unfair_one(hq: Client, cast: Cast) -> None:
    address = reverse("admin:stores_guide_change", args=[cast.lin.pk])
    Guide.objects.filter(pk=cast.lin.pk).update(pin_hash="md5$x$feedface")
    assert b"feedface" not in hq.get(address).content
    form = {
        "employee_no": "G001", "name": "林晓", "store": cast.guomao.pk, "role": "guide",
        "wecom_userid": "linxiao", "new_pin": "111111", "thumb_side": "left",
        "joined_on": "2024-03-01",
    }  # fmt: skip
    answer = hq.post(address, form)
    assert answer.status_code == 200
    assert "猜到" in answer.content.decode()


def test_recording_that_she_left_closes_her_account(hq: Client, cast: Cast) -> None:
    form = {
        "employee_no": "G001", "name": "林晓", "store": cast.guomao.pk, "role": "guide",
        "wecom_userid": "linxiao", "new_pin": "", "thumb_side": "left",
        "joined_on": "2024-03-01", "left_on": "2026-11-20",
    }  # fmt: skip
    address = reverse("admin:stores_guide_change", args=[cast.lin.pk])
    assert hq.post(address, form).status_code == 302
    assert not Account.objects.get(pk=cast.lin.account_id).is_active
    assert DomainEvent.objects.filter(kind="guide_left").exists()
    hq.post(address, form | {"left_on": ""})
    assert Account.objects.get(pk=cast.lin.account_id).is_active


def test_a_machine_key_is_shown_once_and_kept_nowhere(hq: Client, cast: Cast) -> None:
    form = {"name": "国贸收银", "source": "till-guomao", "scopes": ["purchases:write"],
            "store": cast.guomao.pk, "is_active": "on"}  # fmt: skip
    answer = hq.post(reverse("admin:stores_machinekey_add"), form)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    key = MachineKey.objects.get(source="till-guomao")
    text = answer.context["text"]
    assert key.digest == digest_of(text)
    again = hq.get(reverse("admin:stores_machinekey_change", args=[key.pk])).content.decode()
    assert text not in again
    assert key.digest not in again


def test_opening_hours_are_edited_under_their_store(hq: Client, cast: Cast) -> None:
    row = cast.guomao.opening_hours.get()
    form = {
        "code": "S001", "name": "国贸店", "region": cast.east.pk, "entity": cast.entity.pk,
        "address": "国贸路 1 号", "catchment_metres": 3000, "time_zone": "Asia/Shanghai",
        "opening_hours-TOTAL_FORMS": 2, "opening_hours-INITIAL_FORMS": 1,
        "opening_hours-0-id": row.pk, "opening_hours-0-store": cast.guomao.pk,
        "opening_hours-0-since": "2024-01-01", "opening_hours-0-opens_at": "10:00",
        "opening_hours-0-closes_at": "21:30",
        "opening_hours-1-store": cast.guomao.pk, "opening_hours-1-weekday": "6",
        "opening_hours-1-since": "2026-12-01",
    }  # fmt: skip
    answer = hq.post(reverse("admin:stores_store_change", args=[cast.guomao.pk]), form)
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.closes_at is not None
    assert (row.closes_at.hour, row.closes_at.minute) == (21, 30)
    sunday = OpeningHours.objects.get(store=cast.guomao, weekday=6)
    assert sunday.opens_at is None
    # A clock that there is not would stop every figure of the house.
    wrong = hq.post(
        reverse("admin:stores_store_change", args=[cast.guomao.pk]),
        {**form, "time_zone": "Asia/Guomao"},
    )
    assert "没有这个时区" in wrong.content.decode()
    cast.guomao.refresh_from_db()
    assert cast.guomao.time_zone == "Asia/Shanghai"


def a_clerk(cast: Cast, *permissions: str, region: Any = None) -> Account:
    """Somebody of HQ who may only what is named, in one region."""
    clerk = Account.objects.create_user("clerk", PASSWORD, name="小文", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if region is not None:
        clerk.regions.add(region)
    return clerk


def test_a_clerk_of_one_region_meets_only_its_stores_and_guides(client: Client, cast: Cast) -> None:
    clerk = a_clerk(cast, "view_guide", "view_store", "change_guide", region=cast.west)
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:stores_guide_changelist")).content.decode()
    assert "马驰" in page
    assert "林晓" not in page
    assert client.get(reverse("admin:stores_guide_change", args=[cast.lin.pk])).status_code == 302
    form = client.get(reverse("admin:stores_guide_change", args=[cast.ma.pk])).content.decode()
    assert "望京店" in form
    assert "国贸店" not in form
    stores = client.get(reverse("admin:stores_store_changelist")).content.decode()
    assert "国贸店" not in stores


def test_a_clerk_cannot_make_herself_mighty(client: Client, cast: Cast) -> None:
    clerk = a_clerk(cast, "view_account", "change_account")
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("admin:stores_account_change", args=[clerk.pk])
    form = {"username": "clerk", "name": "小文", "is_active": "on", "is_superuser": "on",
            "is_staff": "on"}  # fmt: skip
    client.post(address, form)
    clerk.refresh_from_db()
    assert not clerk.is_superuser
    # Nor may she take the password of somebody mightier.
    mighty = reverse("admin:auth_user_password_change", args=[cast.hq.pk])
    assert client.get(mighty).status_code in (302, 403, 404)


@pytest.mark.parametrize("lookup", ["phone__startswith", "digest", "identities__digest", "name"])
def test_secrets_are_not_guessed_by_filter_parameters(
    lookup: str, rf: RequestFactory, cast: Cast
) -> None:
    member_admin = HouseAdmin(type(cast.chen), admin.site)
    key_admin = HouseAdmin(MachineKey, admin.site)
    request = rf.get("/")
    request.user = cast.hq
    which = key_admin if lookup == "digest" else member_admin
    assert not which.lookup_allowed(lookup, "x", request)


def test_a_hash_is_not_guessed_either(rf: RequestFactory, cast: Cast) -> None:
    request = rf.get("/")
    request.user = cast.hq
    screen = GuideAdmin(Guide, admin.site)
    assert not screen.lookup_allowed("pin_hash__startswith", "a", request)
    assert not screen.lookup_allowed("account__password__startswith", "a", request)
    assert screen.lookup_allowed("store__region__id__exact", "1", request)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+8613800000001", "+86138****0001"),
        ("陈静", "陈*"),
        ("", ""),
        (None, ""),
        ("欧阳小明", "欧***"),
    ],
)
def test_masks(text: str | None, shown: str) -> None:
    assert masked(text) == shown


def test_a_page_to_look_at_says_yuan_and_names(rf: RequestFactory, cast: Cast) -> None:
    request = rf.get("/admin/")
    request.user = cast.hq
    screen: Any = admin.site._registry[PurchaseLine]
    assert screen.spoken_amount(PurchaseLine(amount=79950, currency="CNY")) == "¥799.50"
    assert named(str(actor_of(cast.hq))) == cast.hq.name
    assert (named("member:7"), named("system:night")) == ("会员本人", "系统")
    for screen in admin.site._registry.values():
        if isinstance(screen, ReadOnlyAdmin):
            shown = {
                str(name) for _, part in screen.get_fieldsets(request) for name in part["fields"]
            }
            assert not {"id", "public_id", "amount", "actor"} & shown, screen


def test_no_screen_shows_the_key_of_who_acted(rf: RequestFactory, cast: Cast) -> None:
    """In lists as on pages; a form that asks for an account keeps its field."""
    request = rf.get("/admin/")
    request.user = cast.hq
    raw = set()
    for model, screen in admin.site._registry.items():
        keys = {field.name for field in model._meta.concrete_fields if keeps_actor(field)}
        on_page = flatten_fieldsets(screen.get_fieldsets(request)) if keys else []
        found = keys & {*screen.get_list_display(request), *on_page}
        asked = set(screen.get_form(request).base_fields) if found else set()
        raw |= {f"{model.__name__}.{key}" for key in found - asked}
    assert raw == set()


def test_a_page_of_a_list_asks_once_who_acted(hq: Client, cast: Cast) -> None:
    address = reverse("admin:stores_receiptmember_changelist")

    def take(number: int, by: str) -> None:
        ReceiptMember.objects.create(
            source="till-1", receipt_no=f"A{number}", member_no=number, store_no=1, actor=by
        )

    take(0, str(actor_of(cast.hq)))
    hq.get(address)
    with CaptureQueriesContext(connection) as one:
        assert cast.hq.name in hq.get(address).content.decode()
    people = [guide.account for guide in (cast.lin, cast.zhou, cast.manager, cast.area_manager)]
    for number, account in enumerate(people, start=1):
        take(number, str(actor_of(account)))
    take(9, "system:system")
    take(10, "account:nobody")
    with CaptureQueriesContext(connection) as many:
        page = hq.get(address).content.decode()
    assert len(many) == len(one)
    assert all(account.name in page for account in people)
    assert "已删除的账号" in page
    assert "account:" not in page


def test_a_table_without_rows_is_a_sentence(hq: Client, rf: RequestFactory, cast: Cast) -> None:
    """Never heads above nothing, whether the rows stand one below the other or in columns."""
    event = DomainEvent.objects.create(kind="nobody_listens", actor="system:system")
    page = hq.get(reverse("admin:kit_domainevent_change", args=[event.pk])).content.decode()
    assert "没有程序要处理它。" in page
    assert "下次重试" not in page
    request = rf.get("/admin/")
    request.user = cast.hq
    for screen in admin.site._registry.values():
        for kind in screen.inlines:
            inline: Any = kind(screen.model, admin.site)
            if not inline.has_add_permission(request, None):
                assert inline.when_empty.endswith("。"), inline


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_every_screen_opens_with_few_queries(
    model: Any, hq: Client, django_assert_max_num_queries: Any
) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    # These two are pages of a dozen panels, not lists.
    most = {"Health": 24, "StoreDay": 32}.get(model.__name__, 16)
    with django_assert_max_num_queries(most):
        assert hq.get(address).status_code == 200


def test_a_list_asks_as_often_for_twenty_guides_as_for_five(hq: Client, cast: Cast) -> None:
    address = reverse("admin:stores_guide_changelist")
    hq.get(address)
    with CaptureQueriesContext(connection) as few:
        hq.get(address)
    for number in range(20):
        a_guide(f"导购{number}", cast.wangjing, employee_no=f"X{number:03d}")
    with CaptureQueriesContext(connection) as many:
        hq.get(address)
    assert len(many) == len(few)


def test_every_field_of_every_screen_is_spoken_of_in_words(hq: Client) -> None:
    """A guest of the admin never sees a sealed field's bytes."""
    for model, screen in admin.site._registry.items():
        names = {field.name for field in model._meta.concrete_fields}
        sealed = [n for n in names if type(model._meta.get_field(n)).__name__ == "SealedTextField"]
        if sealed:
            assert isinstance(screen, HouseAdmin), model
