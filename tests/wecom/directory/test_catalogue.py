"""Tags and codes are mirrored; a code whose way is gone gets another; single news are looked at."""

from __future__ import annotations

import pytest
from django.utils import timezone

from kit.events import DomainEvent
from kit.fields import shown_id
from members.registration.channel_codes import ensure_channel_codes
from members.registration.models import ChannelCode
from tests.cast import Cast
from tests.members.builders import TESTER, run_handlers
from tests.sandbox import Sandbox
from tests.wecom.directory.test_staff import differences, told
from wecom.directory.inbound import department_changed, member_changed, tag_changed
from wecom.directory.models import CorpContactWay, CorpTag, CorpTagGroup, Department, Staff
from wecom.directory.portions import Found, Portion, TagsSeen
from wecom.directory.reconciling import mirror_tags
from wecom.directory.sweeping import sweep_through
from wecom.gateway import Tag, TagGroup, WecomError, gateway_of
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow


def tags() -> dict[str, str]:
    rows = CorpTag.objects.filter(gone_at=None, group__gone_at=None)
    return {f"{row.group.name}/{row.name}": row.tag_id for row in rows.select_related("group")}


def news(kind: str, **payload: object) -> DomainEvent:
    return DomainEvent(kind=kind, payload={"app": "main", **payload})


@pytest.fixture
def tagged(wecom: Sandbox) -> Sandbox:
    for name in ("金卡", "银卡"):
        wecom.act("create_tag", group_name="等级", name=name)
    wecom.act("create_tag", group_name="来源", name="门店")
    return wecom


def test_tags_are_mirrored_and_changes_found(tagged: Sandbox, cast: Cast) -> None:
    sweep_through("tags")
    held = tags()
    assert set(held) == {"等级/金卡", "等级/银卡", "来源/门店"}
    tagged.act("rename_tag", id=held["等级/金卡"], name="黑金卡")
    tagged.act("delete_tag", id=held["来源/门店"])
    sweep = sweep_through("tags")
    assert set(tags()) == {"等级/黑金卡", "等级/银卡"}
    assert {what for _, what, _ in differences(sweep)} >= {"标签变更", "标签已删除", "标签组已删除"}
    assert sweep_through("tags").found == 0


def a_tag(number: int) -> Tag:
    return Tag(id=f"et{number}", name=f"标签{number}", order=0, is_deleted=False)


def seen(*tags: Tag) -> Portion:
    group = TagGroup(id="eg1", name="等级", order=0, is_deleted=False, tags=tags)
    facts = TagsSeen((group,) if tags else (), is_all=True)
    now = timezone.now()
    return Portion("tags", "tags", facts, now, since=now)


def test_an_empty_list_of_tags_is_not_believed_and_a_small_loss_is(db: None) -> None:
    """WeCom answers an application that lost its right with a list of nothing."""
    many = [a_tag(number) for number in range(60)]
    assert len(mirror_tags(seen(*many)).repaired) == 61
    outcome = mirror_tags(seen())
    assert CorpTag.objects.filter(gone_at=None).count() == 60
    assert CorpTagGroup.objects.filter(gone_at=None).count() == 1
    (left,) = outcome.left
    assert isinstance(left, Found)
    assert "60 个标签" in left.detail
    assert not mirror_tags(seen(*many[:-12])).left
    assert CorpTag.objects.filter(gone_at=None).count() == 48
    mirror_tags(seen(*many[:3]))
    assert CorpTag.objects.filter(gone_at=None).count() == 48


def test_even_few_tags_do_not_vanish_all_at_once(db: None) -> None:
    mirror_tags(seen(a_tag(1), a_tag(2)))
    assert mirror_tags(seen()).left
    assert not mirror_tags(seen(a_tag(1))).left
    assert not mirror_tags(seen()).left
    assert not CorpTag.objects.filter(gone_at=None).exists()


def test_one_tag_is_looked_at_when_wecom_tells_of_it(tagged: Sandbox, cast: Cast) -> None:
    sweep_through("tags")
    held = tags()
    tagged.act("rename_tag", id=held["等级/金卡"], name="黑金卡")
    tag_changed(news("wecom.change_external_tag.update", id=held["等级/金卡"], tag_type="tag"))
    assert "等级/黑金卡" in tags()
    tagged.act("delete_tag", id=held["等级/银卡"])
    tag_changed(news("wecom.change_external_tag.delete", id=held["等级/银卡"], tag_type="tag"))
    assert set(tags()) == {"等级/黑金卡", "来源/门店"}
    made = tagged.act("create_tag", group_name="新组", name="新")
    group = {"id": made["group_id"], "tag_type": "tag_group"}
    tag_changed(news("wecom.change_external_tag.create", **group))
    assert "新组/新" in tags()
    tagged.act("delete_tag", id=made["group_id"])
    tag_changed(news("wecom.change_external_tag.delete", **group))
    tag_changed(news("wecom.change_external_tag.shuffle"))
    assert set(tags()) == {"等级/黑金卡", "来源/门店"}


def test_a_tag_that_wecom_will_not_show_is_not_gone(tagged: Sandbox, cast: Cast) -> None:
    sweep_through("tags")
    tagged.fault("externalcontact/get_corp_tag_list", errcode=987654)
    key = tags()["等级/金卡"]
    with pytest.raises(WecomError):
        tag_changed(news("wecom.change_external_tag.update", id=key, tag_type="tag"))
    assert "等级/金卡" in tags()


def test_one_member_is_looked_at_when_wecom_tells_of_him(wecom: Sandbox, cast: Cast) -> None:
    wecom.act("edit_member", userid="LinXiao", position="店长")
    for _ in range(2):
        member_changed(news("wecom.change_contact.update_user", userid="linxiao"))
    assert Staff.objects.get(userid="linxiao").position == "店长"
    wecom.act("resign_member", userid="LinXiao")
    for _ in range(2):
        member_changed(news("wecom.change_contact.delete_user", userid="linxiao"))
    assert told("staff_gone") == ["linxiao"]


def test_a_member_with_another_id_stays_one_row(wecom: Sandbox, cast: Cast) -> None:
    sweep_through("staff")
    wecom.act("edit_member", userid="zhouning", new_userid="ZhouNing2")
    told_so = news("wecom.change_contact.update_user", userid="zhouning", new_userid="zhouning2")
    member_changed(told_so)
    assert set(Staff.objects.present().values_list("userid", flat=True)) == {
        "linxiao",
        "zhouning2",
    }
    assert told("staff_gone") == []
    member_changed(told_so)
    assert Staff.objects.count() == 2


def test_departments_are_read_again_when_wecom_tells_of_one(wecom: Sandbox, cast: Cast) -> None:
    wecom.act("create_department", id=9, name="新店", parentid=1)
    department_changed(news("wecom.change_contact.create_party", id="9"))
    assert Department.objects.get(department_id=9).name == "新店"
    wecom.act("delete_department", id=9)
    department_changed(news("wecom.change_contact.delete_party", id="9"))
    assert Department.objects.get(department_id=9).gone_at is not None


def codes_of_lin(cast: Cast) -> list[ChannelCode]:
    ensure_channel_codes(cast.lin.pk, by=TESTER)
    for row in OutboxRow.objects.filter(kind="contact_way").order_by("pk"):
        deliver(row.pk)
    run_handlers()
    codes = list(ChannelCode.objects.filter(guide=cast.lin).order_by("pk"))
    assert all(code.config_id for code in codes)
    return codes


def test_a_code_whose_way_is_gone_gets_another_one(wecom: Sandbox, cast: Cast) -> None:
    lost, *others = codes_of_lin(cast)
    gateway_of().delete_contact_way(lost.config_id)
    sweep = sweep_through("contact_ways")
    assert [what for _, what, done in differences(sweep) if done] == ["联系我已不存在，已重新申请"]
    (row,) = OutboxRow.objects.filter(kind="contact_way", state="planned")
    deliver(row.pk)
    run_handlers()
    before = lost.config_id
    lost.refresh_from_db()
    assert lost.config_id not in ("", before)
    assert gateway_of().contact_way(lost.config_id).state == lost.wecom_state
    sweep_through("contact_ways")
    assert OutboxRow.objects.filter(kind="contact_way").count() == len(others) + 2
    assert CorpContactWay.objects.filter(gone_at=None).count() == len(others) + 1


def test_a_code_whose_way_wecom_refused_is_asked_for_again_once_a_sweep(
    wecom: Sandbox, cast: Cast
) -> None:
    refused, *others = codes_of_lin(cast)
    ChannelCode.objects.filter(pk=refused.pk).update(config_id="", qr_code_url="")
    gateway_of().delete_contact_way(refused.config_id)
    wishes = OutboxRow.objects.filter(kind="contact_way", subject=of_code(refused))
    for number in (1, 2):
        wishes.update(state="failed", ended_at=timezone.now())
        sweep = sweep_through("contact_ways")
        assert "还没有联系我，已重新申请" in {what for _, what, done in differences(sweep) if done}
        assert wishes.count() == number + 1
    # The second wish is still on its way.
    again = sweep_through("contact_ways")
    assert wishes.count() == 3
    assert again.found == 0
    deliver(wishes.get(state="planned").pk)
    run_handlers()
    refused.refresh_from_db()
    assert gateway_of().contact_way(refused.config_id).state == refused.wecom_state
    assert len(CorpContactWay.objects.filter(gone_at=None)) == len(others)


def test_a_way_whose_answer_was_lost_is_kept_with_its_code(wecom: Sandbox, cast: Cast) -> None:
    code, *_ = codes_of_lin(cast)
    way = code.config_id
    ChannelCode.objects.filter(pk=code.pk).update(config_id="", qr_code_url="")
    OutboxRow.objects.filter(subject=of_code(code)).update(state="unknown")
    found = {what for _, what, done in differences(sweep_through("contact_ways")) if done}
    assert "联系我早已生成，已登记" in found
    code.refresh_from_db()
    assert (code.config_id, bool(code.qr_code_url)) == (way, True)
    assert not OutboxRow.objects.filter(kind="contact_way", state="planned").exists()


def of_code(code: ChannelCode) -> str:
    return f"channel_code:{shown_id(code.public_id)}"


def test_strangers_and_codes_of_guides_who_left_are_shown(wecom: Sandbox, cast: Cast) -> None:
    code, *_ = codes_of_lin(cast)
    stranger = gateway_of().create_contact_way("zhouning", "somewhere", "别处做的码")
    gateway_of().update_contact_way(code.config_id, userids=["zhouning"])
    found = {what for _, what, _ in differences(sweep_through("contact_ways"))}
    assert found == {"没有登记的联系我", "扫码加到的不是这位导购"}
    assert CorpContactWay.objects.get(config_id=stranger.config_id).remark == "别处做的码"
    cast.lin.left_on = timezone.localdate()
    cast.lin.save(update_fields=["left_on"])
    found = {what for _, what, _ in differences(sweep_through("contact_ways"))}
    assert "离职导购的码仍可扫" in found


def test_customers_of_who_left_are_counted_for_hq(wecom: Sandbox, cast: Cast) -> None:
    wecom.act("resign_member", userid="LinXiao")
    sweep = sweep_through("unassigned")
    assert differences(sweep) == {("staff:linxiao", "离职待分配的客户", False)}
