"""HQ's screens of this floor: they open, hide what is sealed, and their buttons are our actions."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.audience.models import Audience, AudienceCheck
from members.consent.models import Notice
from members.consent.queries import current_notice
from members.identity.models import Member, Suggestion
from members.imports.models import MemberImport
from members.registration.actions import request_code
from members.registration.models import ChannelCode, CodeRequest, Registration
from members.rewards.models import CouponKind
from stores.org.models import Account
from tests.cast import PASSWORD, Cast, a_member
from tests.members.builders import (
    ITEMS,
    TESTER,
    a_channel_code,
    a_contact,
    a_notice,
    a_transfer,
    a_welcome_gift,
    grant,
)
from tests.members.registration.test_way import WU, visit
from tests.members.rewards.builders import rewarded
from wecom.outbox.models import OutboxRow

MODELS = list(apps.get_app_config("members").get_models())
SCREENS = [model for model in MODELS if model in admin.site._registry]


@pytest.fixture
def hq(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def life(cast: Cast) -> None:
    """One of nearly everything; rooms that make rows of their own try their pages themselves."""
    a_notice(cast.entity)
    a_welcome_gift(cast.entity)
    grant(cast.chen, "profiling")
    contact = a_contact(cast.lin)
    Suggestion.objects.create(contact=contact, member=cast.chen, guide=cast.lin)
    registration = visit(a_channel_code(cast.lin))
    request_code(registration.pk, phone=WU, ip="10.0.0.9", by=TESTER)
    cast.chen.coupons.create(
        kind=CouponKind.objects.get(), number="1", once="x", expires_at=timezone.now()
    )
    Audience.objects.create(name="金卡", rule={"tier": ["gold"]})
    AudienceCheck.objects.create(members=1, facets=1, megabytes=1, seconds=1)
    MemberImport.objects.create(entity=cast.entity, file_name="名单.csv", kind="csv")
    a_transfer(cast, contact)
    rewarded(cast)


def test_every_table_with_a_row_of_its_own_has_a_screen() -> None:
    assert {model.__name__ for model in MODELS} - {model.__name__ for model in SCREENS} == {
        # Shown within the contact and the decision that they belong to.
        "Friendship",
        "ConsentProof",
        # Shown within the hand-over that it is a word about.
        "CustomerChoice",
        # Shown within the audience, the import that they belong to.
        "AudienceVersion",
        "ImportFault",
        "ImportedMember",
        # What machines read: a feed, bitmaps, sealed pieces of a file and digests.
        "AudienceChange",
        "AudienceFacet",
        "ImportPiece",
        "ImportKey",
        # Digests by which doubles find one another; nothing to look at.
        "Trait",
        # Shown within the plan, the batch, the code, the member that they belong to.
        "AssignmentLine",
        "PrintedCode",
        "RosterBackup",
        "MemberTag",
        "NoticeSeen",
        # What lives for a day, or only counts, or only tells what was agreed with WeCom.
        "CardCode",
        "CardChecks",
        "Invitation",
        "AccountLook",
        "ErasureTrail",
        "PairTags",
        "TagTakenOff",
        # Millions of them: read on her profile, counted in the map.
        "BehaviourEvent",
        "BehaviourKey",
    }


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model.__name__)
def test_lists_and_pages_open_and_hide_what_is_sealed(
    cast: Cast, hq: Client, life: None, model: type[Member]
) -> None:
    name = f"admin:members_{model._meta.model_name}"
    pages = [reverse(f"{name}_changelist")]
    found = model._default_manager.first()
    if found is not None:
        pages.append(reverse(f"{name}_change", args=[found.pk]))
    for page in pages:
        answer = hq.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        for secret in ("13800000001", WU, "10.0.0.9", "wmChenJing"):
            assert secret not in text, f"{secret} on {page}"


def test_a_member_is_found_by_her_whole_phone(cast: Cast, hq: Client) -> None:
    a_member("王芳", owner=cast.zhou, store=cast.guomao)
    address = reverse("admin:members_member_changelist")
    page = hq.get(address, {"q": "13800000001"}).content.decode()
    assert "陈静" in page
    assert "王芳" not in page
    assert "陈静" not in hq.get(address, {"q": "1380000"}).content.decode()


def test_hq_of_a_region_meets_its_members_only(cast: Cast) -> None:
    a_member("远方", owner=cast.ma, store=cast.wangjing)
    west = Account.objects.create_user("west", PASSWORD, name="西区总部", is_staff=True)
    west.regions.add(cast.west)
    west.user_permissions.add(Permission.objects.get(codename="view_member"))
    client = Client()
    client.force_login(west, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:members_member_changelist")).content.decode()
    assert "远方" in page
    assert "陈静" not in page
    missing = reverse("admin:members_member_change", args=[cast.chen.pk])
    assert "陈静" not in client.get(missing, follow=True).content.decode()


def test_a_draft_is_published_and_then_fixed(cast: Cast, hq: Client) -> None:
    answer = hq.post(
        reverse("admin:members_notice_add"),
        {
            "entity": cast.entity.pk,
            "version": 1,
            "title": "告知",
            "summary": "短",
            "body": "长",
            "items": json.dumps(ITEMS),
        },
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    notice = Notice.objects.get()
    change = reverse("admin:members_notice_change", args=[notice.pk])
    hq.post(reverse("admin:members_notice_publish", args=[notice.pk]))
    assert current_notice(cast.entity) == notice
    assert hq.post(change, {"title": "改"}).status_code == 403
    assert hq.post(reverse("admin:members_notice_delete", args=[notice.pk])).status_code == 403


def test_a_code_made_by_hq_asks_wecom_and_can_be_ended(cast: Cast, hq: Client) -> None:
    fields = {"guide": cast.lin.pk, "scene": "event", "campaign": "双十二", "cost_centre": "C1"}
    answer = hq.post(reverse("admin:members_channelcode_add"), {**fields, "welcome_text": "欢迎"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    code = ChannelCode.objects.get()
    assert (code.store, code.campaign) == (cast.guomao, "双十二")
    assert OutboxRow.objects.get().payload["state"] == code.wecom_state
    page = hq.get(reverse("admin:members_channelcode_change", args=[code.pk]))
    assert f"/q/{code.token}/" in page.content.decode()
    chosen = {"action": "end", "_selected_action": [code.pk]}
    hq.post(reverse("admin:members_channelcode_changelist"), chosen)
    assert not ChannelCode.objects.get().is_active


def test_an_audience_is_counted_while_it_is_made(cast: Cast, hq: Client) -> None:
    add = reverse("admin:members_audience_add")
    refused = hq.post(add, {"name": "坏", "rule": '{"phone": 1}'})
    assert refused.status_code == 200
    assert "没有“phone”这个条件" in refused.content.decode()
    assert hq.post(add, {"name": "国贸", "rule": '{"store": ["S001"]}'}).status_code == 302
    audience = Audience.objects.get()
    change = reverse("admin:members_audience_change", args=[audience.pk])
    live = hq.post(reverse("admin:members_audience_live"), {"rule": '{"store": ["S001"]}'})
    assert "<b>1</b> 人符合，现在能发一对一消息的有 <b>0</b> 人" in live.content.decode()
    hq.post(change, {"name": "国贸", "rule": '{"tier": ["gold"]}'})
    assert Audience.objects.get().version == 2


def test_what_only_the_product_writes_cannot_be_written_here(
    cast: Cast, hq: Client, life: None
) -> None:
    for name in ("member", "identity", "contact", "suggestion", "consentevent", "consentstate",
                 "registration", "onetimecode", "coderequest", "coupon"):  # fmt: skip
        assert hq.get(reverse(f"admin:members_{name}_add")).status_code == 403
    for model in (Member, Registration, CodeRequest):
        row = model._default_manager.first()
        assert row is not None
        name = f"admin:members_{model._meta.model_name}_delete"
        assert hq.post(reverse(name, args=[row.pk]), {"post": "yes"}).status_code == 403
