"""The pages of hand-overs: the manager's iPad, HQ's wizard, and who finds nothing there."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kit.actions import set_session_scope
from kit.actor import EVERYTHING
from kit.fields import shown_id
from members.handover.models import CustomerTransfer, TransferState
from members.identity.models import Contact, Friendship
from stores.org.models import Account, Guide, HandOver, HandOverReason, HandOverState
from tests.cast import Cast, a_member
from tests.members.handover.builders import a_friend, a_hand_over, many_friends
from wecom.outbox.models import OutboxRow

BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend=BACKEND)
    return client


def at(name: str, handover: HandOver) -> str:
    return reverse(name, args=[shown_id(handover.public_id)])


def a_refused(handover: HandOver, contact: Contact, to: Guide) -> CustomerTransfer:
    return CustomerTransfer.objects.create(
        hand_over=handover,
        store=handover.store,
        contact=contact,
        from_guide=handover.guide,
        to_guide=to,
        state=TransferState.REFUSED,
        error="客户拒绝了转接，仍是原导购的企微客户。",
        ended_at=timezone.now(),
    )


def under_way(handover: HandOver) -> HandOver:
    handover.state, handover.decided_at = HandOverState.DECIDED, timezone.now()
    handover.save()
    return handover


def test_a_manager_goes_the_whole_way(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    client = signed_in(cast.manager.account)
    page = client.get(reverse("tablet-handovers")).content.decode()
    assert "没有要交接的" in page
    assert "林晓" in page
    assert "督导许" not in page
    begun = client.post(reverse("tablet-handover-start"), {"guide": cast.lin.pk, "reason": "left"})
    handover = HandOver.objects.get()
    assert begun.headers["Location"] == at("tablet-handover", handover)
    assert "林晓的客户等你安排" in client.get(reverse("tablet-today")).content.decode()
    client.post(
        at("tablet-handover-arrange", handover),
        {"successor": [cast.zhou.pk], "message": "您好，我是{继任者}。", "keeps_friends": "on"},
    )
    seen = client.get(at("tablet-handover", handover)).content.decode()
    assert "在企业微信里转接" in seen
    assert "24 小时后生效" in seen
    # What was changed and not sent holds the decision back (tablet.js).
    assert 'data-not-before="arrange"' in seen
    names = client.get(at("tablet-handover-customers", handover)).content.decode()
    assert "陈静" in names
    assert "交给周宁" in names
    handover.refresh_from_db()
    client.post(at("tablet-handover-decide", handover), {"version": handover.version})
    handover.refresh_from_db()
    assert handover.state == HandOverState.DECIDED
    assert handover.decided_by.startswith("account:")
    # WeCom has not told yet by which door: nobody reads that there is nothing to hand over.
    waiting = client.get(at("tablet-handover", handover)).content.decode()
    assert "正在问企业微信" in waiting
    assert "every 5s" in waiting
    assert "没有要交接" not in waiting


def test_a_tap_on_a_colleague_ticks_her(cast: Cast) -> None:
    """Not the field for her share, which stands before the tick."""
    handover = a_hand_over(cast.lin)
    page = signed_in(cast.manager.account).get(at("tablet-handover", handover)).content.decode()
    row = page[page.index('class="row pick"') :].split("</label>")[0]
    [named] = re.findall(r'for="([^"]+)"', row)
    assert re.search(rf'id="{named}" type="checkbox"', row)


def test_a_changed_plan_is_shown_instead_of_done(cast: Cast) -> None:
    handover = a_hand_over(cast.lin, cast.zhou)
    client = signed_in(cast.manager.account)
    answer = client.post(
        at("tablet-handover-decide", handover), {"version": handover.version - 1}, follow=True
    )
    assert "同事刚改过安排" in answer.content.decode()
    handover.refresh_from_db()
    assert handover.state == HandOverState.PROPOSED


def test_those_who_refused_are_settled_on_the_ipad(cast: Cast) -> None:
    contact = a_friend(cast.lin, 1, member=cast.chen)
    handover = under_way(a_hand_over(cast.lin, cast.zhou))
    row = a_refused(handover, contact, cast.zhou)
    client = signed_in(cast.manager.account)
    assert "1 位客户没转成" in client.get(reverse("tablet-today")).content.decode()
    page = client.get(at("tablet-handover-customers", handover)).content.decode()
    assert "客户拒绝了转接" in page
    client.post(
        at("tablet-handover-settle", handover),
        {"act": "again", "to": cast.manager.pk, "row": [row.pk]},
    )
    again = CustomerTransfer.objects.get(hand_over=handover, settled="")
    assert (again.state, again.to_guide) == ("asked", cast.manager)
    wrong = client.post(
        at("tablet-handover-settle", handover), {"act": "again", "to": cast.ma.pk}, follow=True
    )
    assert "选中的同事不能接手" in wrong.content.decode()


def test_a_member_of_another_store_is_settled_too(cast: Cast) -> None:
    """Lin looks after a member of Wangjing: her manager sees that one nowhere but here."""
    far = a_member("远客", owner=cast.lin, store=cast.wangjing)
    contact = a_friend(cast.lin, 1, member=far)
    other = a_friend(cast.lin, 2)
    Contact.objects.filter(pk=other.pk).update(guide=cast.ma)
    Friendship.objects.filter(contact=other).update(until=timezone.now())
    handover = under_way(a_hand_over(cast.lin, cast.zhou))
    a_refused(handover, contact, cast.zhou)
    row = a_refused(handover, other, cast.zhou)
    client = signed_in(cast.manager.account)
    address = at("tablet-handover-settle", handover)
    client.post(address, {"act": "again", "to": cast.manager.pk, "row": [row.pk]})
    call = OutboxRow.objects.get(kind="customer_transfer")
    assert call.payload["external_userids"] == [other.external_userid]
    client.post(address, {"act": "owner", "to": cast.zhou.pk})
    far.refresh_from_db()
    assert far.owner == cast.zhou


def test_a_word_that_comes_too_late_is_told(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    Guide.objects.filter(pk=cast.lin.pk).update(store=cast.wangjing)
    handover = under_way(
        a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.MOVED, store=cast.guomao.pk)
    )
    client = signed_in(cast.manager.account)
    who = {"who": f"c{Contact.objects.get().pk}", "goes": "along"}
    answer = client.post(at("tablet-handover-choose", handover), who, follow=True)
    assert "已经有人决定了" in answer.content.decode()


def test_nobody_chooses_for_whom_the_guide_does_not_have(cast: Cast) -> None:
    theirs = a_friend(cast.ma, 1)
    handover = a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.MOVED)
    client = signed_in(cast.manager.account)
    for key in (f"c{theirs.pk}", "c987654321", "m987654321"):
        answer = client.post(at("tablet-handover-choose", handover), {"who": key, "goes": "stay"})
        assert answer.status_code == 404


def test_one_customer_goes_along_against_the_rule(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    Guide.objects.filter(pk=cast.lin.pk).update(store=cast.wangjing)
    handover = a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.MOVED, store=cast.guomao.pk)
    client = signed_in(cast.manager.account)
    address = at("tablet-handover-customers", handover)
    assert "改成随她走" in client.get(address).content.decode()
    contact = Contact.objects.get()
    client.post(at("tablet-handover-choose", handover), {"who": f"c{contact.pk}", "goes": "along"})
    assert "改成留下" in client.get(address).content.decode()
    # The manager of the store where she works now has no word in it.
    other = signed_in(cast.ma.account)
    assert other.get(address).status_code == 404


@pytest.mark.parametrize("who", ["lin", "zhou", "ma"])
def test_guides_find_nothing(cast: Cast, who: str) -> None:
    handover = a_hand_over(cast.lin, cast.zhou)
    client = signed_in(getattr(cast, who).account)
    pages = ["tablet-handover", "tablet-handover-customers", "tablet-handover-groups"]
    acts = ["arrange", "decide", "stop", "choose", "settle", "groups-settle"]
    statuses = {client.get(at(name, handover)).status_code for name in pages}
    statuses |= {client.post(at(f"tablet-handover-{act}", handover)).status_code for act in acts}
    statuses |= {client.get(reverse("tablet-handovers")).status_code}
    statuses |= {client.post(reverse("tablet-handover-start")).status_code}
    assert statuses == {404}


def test_head_office_goes_the_whole_way(cast: Cast) -> None:
    a_friend(cast.lin, 1, member=cast.chen)
    client = signed_in(cast.hq)
    add = reverse("admin:stores_handover_add")
    assert "林晓" in client.get(add, {"q": "林"}).content.decode()
    assert "没有找到" in client.get(add, {"q": "查无此人"}).content.decode()
    begun = client.post(add, {"guide": cast.lin.pk, "reason": "left"})
    handover = HandOver.objects.get()
    page = reverse("admin:stores_handover_change", args=[handover.pk])
    assert begun.headers["Location"] == page
    client.post(
        reverse("admin:stores_handover_arrange", args=[handover.pk]),
        {"successor": [cast.zhou.pk, cast.manager.pk], f"parts-{cast.zhou.pk}": "3"},
    )
    assert "在企业微信里转接" in client.get(page).content.decode()
    names = client.get(reverse("admin:stores_handover_customers", args=[handover.pk]))
    assert "陈*" in names.content.decode()
    assert "陈静" not in names.content.decode()
    assert (
        client.get(reverse("admin:groups_grouptransfer_of", args=[handover.pk])).status_code == 200
    )
    handover.refresh_from_db()
    client.post(
        reverse("admin:stores_handover_decide", args=[handover.pk]), {"version": handover.version}
    )
    handover.refresh_from_db()
    assert handover.state == HandOverState.DECIDED


def test_head_office_of_another_region_finds_nothing(cast: Cast) -> None:
    clerk = Account.objects.create_user(
        "west", "a-long-password-west", name="小李", is_staff=True, is_superuser=False
    )
    clerk.regions.add(cast.west)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="stores"))
    handover = a_hand_over(cast.lin, cast.zhou)
    client = signed_in(clerk)
    page = reverse("admin:stores_handover_change", args=[handover.pk])
    assert client.get(page).status_code == 404
    stop = reverse("admin:stores_handover_stop", args=[handover.pk])
    assert client.post(stop).status_code == 404
    clerk.regions.set([cast.east])
    assert client.get(page).status_code == 200


def test_looking_on_is_not_deciding(cast: Cast) -> None:
    clerk = Account.objects.create_user("look", "a-long-password", name="小看", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_handover"))
    handover = a_hand_over(cast.lin, cast.zhou)
    client = signed_in(clerk)
    page = client.get(reverse("admin:stores_handover_change", args=[handover.pk]))
    assert page.status_code == 200
    assert "开始交接" not in page.content.decode()
    for act in ("decide", "stop", "arrange", "settle"):
        address = reverse(f"admin:stores_handover_{act}", args=[handover.pk])
        assert client.post(address, {"version": handover.version}).status_code == 403, act


def test_as_many_queries_for_one_as_for_twenty(cast: Cast) -> None:
    handover = a_hand_over(cast.lin, cast.zhou)
    client = signed_in(cast.manager.account)

    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(at(name, handover)).status_code == 200
        set_session_scope(EVERYTHING)
        return len(caught)

    many_friends(cast.lin, 1, since=1)
    before = [queries("tablet-handover"), queries("tablet-handover-customers")]
    many_friends(cast.lin, 20, since=100)
    assert [queries("tablet-handover"), queries("tablet-handover-customers")] == before
