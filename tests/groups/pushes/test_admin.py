"""HQ's way in the admin: write, plan, launch; refusals are said, nothing is done by looking."""

from __future__ import annotations

from django.test import Client

from groups.content.models import Material, MaterialState
from groups.pushes.actions import plan_push
from groups.pushes.models import Push, PushState, PushTask, TaskState
from stores.org.models import Account
from tests.cast import PASSWORD, Cast
from tests.groups.builders import (
    TESTER,
    World,
    a_colleague,
    a_material,
    a_push,
    a_reachable_member,
    everybody,
)

PLAN = "/admin/groups/push/{}/plan/"


def test_from_an_empty_form_to_a_launched_push(client: Client, world: World, cast: Cast) -> None:
    for name, tier in (("普一", "basic"), ("金一", "gold")):
        a_reachable_member(world, cast.lin, name, tier=tier)
    material = a_material(cast.hq, {"": "新品到店。", "gold": "金卡会员先选。"})
    client.force_login(cast.hq)
    answer = client.post(
        "/admin/groups/push/add/",
        {
            "name": "冬季新品", "material": material.pk, "chat_type": "single",
            "audience": everybody().pk, "planned_for_0": "2026-11-21",
            "planned_for_1": "10:00:00", "holdout_percent": "0",
        },
    )  # fmt: skip
    push = Push.objects.get()
    assert answer["Location"] == PLAN.format(push.pk)
    assert push.created_by == cast.hq

    assert client.get(PLAN.format(push.pk)).status_code == 200
    assert client.get(f"/admin/groups/push/{push.pk}/launch/").status_code == 405
    client.post(f"/admin/groups/push/{push.pk}/count/")
    page = client.get(PLAN.format(push.pk)).content.decode()
    assert "将给 2 位会员、产生 2 次确认" in page
    assert "没有同意过这一项" in page

    client.post(f"/admin/groups/push/{push.pk}/launch/")
    push.refresh_from_db()
    assert push.state == PushState.LAUNCHED
    assert PushTask.objects.count() == 2
    assert "等待提交" in client.get(PLAN.format(push.pk)).content.decode()
    client.post(f"/admin/groups/push/{push.pk}/stop/")
    assert set(PushTask.objects.values_list("state", flat=True)) == {TaskState.CANCELLED}


def test_a_push_edited_after_planning_must_be_planned_again(client: Client, cast: Cast) -> None:
    a_reachable_member(None, cast.lin, "普一")
    push = a_push(cast.hq, a_material(cast.hq))
    plan_push(push.pk, by=TESTER)
    client.force_login(cast.hq)
    client.post(
        f"/admin/groups/push/{push.pk}/change/",
        {
            "name": "改了名字", "material": push.material_id, "chat_type": "single",
            "audience": push.audience_id, "planned_for_0": "2026-11-21",
            "planned_for_1": "10:00:00", "holdout_percent": "10",
        },
    )  # fmt: skip
    push.refresh_from_db()
    assert (push.name, push.state, push.plan) == ("改了名字", PushState.DRAFT, {})
    answer = client.post(f"/admin/groups/push/{push.pk}/launch/", follow=True)
    assert "发起前请先预演" in answer.content.decode()
    assert not PushTask.objects.exists()


def test_a_material_needs_a_second_pair_of_eyes(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq)
    client.post("/admin/groups/material/add/", _material_form("新品到店。"))
    material = Material.objects.get()
    assert (material.state, material.created_by) == (MaterialState.DRAFT, cast.hq)
    approve = f"/admin/groups/material/{material.pk}/approve/"
    answer = client.post(approve, follow=True)
    assert "另一个人审核" in answer.content.decode()
    client.force_login(a_colleague(cast.hq))
    client.post(approve)
    material.refresh_from_db()
    assert material.state == MaterialState.APPROVED
    # Whoever edits it makes it a draft of her own.
    variant = material.variants.get()
    form = _material_form("新品到店，快来。") | {
        "variants-INITIAL_FORMS": "1",
        "variants-0-id": str(variant.pk),
        "variants-0-material": str(material.pk),
    }
    client.post(f"/admin/groups/material/{material.pk}/change/", form)
    material.refresh_from_db()
    assert (material.state, material.created_by.username) == (MaterialState.DRAFT, "hq2")


def test_a_text_too_long_for_wecom_is_refused_while_written(client: Client, cast: Cast) -> None:
    client.force_login(cast.hq)
    answer = client.post("/admin/groups/material/add/", _material_form("长" * 1300))
    assert "最多 3800 字节" in answer.content.decode()
    assert not Material.objects.exists()


def test_hq_without_the_right_neither_plans_nor_launches(client: Client, cast: Cast) -> None:
    push = a_push(cast.hq, a_material(cast.hq))
    clerk = Account.objects.create_user("clerk", PASSWORD, name="文员", is_staff=True)
    client.force_login(clerk)
    assert client.get(PLAN.format(push.pk)).status_code == 403
    assert client.post(f"/admin/groups/push/{push.pk}/count/").status_code == 403
    push.refresh_from_db()
    assert push.state == PushState.DRAFT


def test_lists_open(client: Client, world: World, cast: Cast) -> None:
    client.force_login(cast.hq)
    for name in ("group", "groupmember", "material", "push", "pushtask", "delivery", "trackedlink"):
        assert client.get(f"/admin/groups/{name}/").status_code == 200, name


def _material_form(text: str) -> dict[str, str]:
    return {
        "title": "冬季新品", "kind": "text", "valid_until_0": "", "valid_until_1": "",
        "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0",
        "variants-MIN_NUM_FORMS": "0", "variants-MAX_NUM_FORMS": "1000",
        "variants-0-tier": "", "variants-0-text": text, "variants-0-product": "",
        "variants-0-link_url": "", "variants-0-link_title": "",
    }  # fmt: skip
