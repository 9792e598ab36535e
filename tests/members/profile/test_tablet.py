"""The guide's members: hers and nobody else's, found by whole phone or card, paged by key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kit.fields import new_public_id, shown_id
from members.behaviour.models import BehaviourEvent
from members.identity.models import Contact, Suggestion
from members.profile.lists import place_of, read_place
from members.tags.actions import tap_tag
from stores.ledger.models import Touch, TouchKind
from stores.org.models import Guide
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_channel_code, a_contact, a_notice, grant
from tests.members.profile.test_own_pages import a_purchase
from tests.members.tags.builders import a_tag


def signed_in(guide: Guide) -> Client:
    client = Client()
    client.force_login(guide.account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page_of(guide: Guide, address: str) -> str:
    answer = signed_in(guide).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_a_guide_sees_her_members_and_not_her_colleagues(cast: Cast) -> None:
    a_member("王芳", owner=cast.zhou, store=cast.guomao)
    assert "陈静" in page_of(cast.lin, reverse("tablet-members"))
    assert "王芳" not in page_of(cast.lin, reverse("tablet-members"))
    both = page_of(cast.manager, reverse("tablet-members"))
    assert "王芳" in both
    assert "陈静" in both


def test_another_guides_member_answers_like_nobody(cast: Cast) -> None:
    hers = reverse("tablet-member", args=[cast.chen.public_id])
    nobody = reverse("tablet-member", args=[new_public_id()])
    for guide in (cast.zhou, cast.ma):
        client = signed_in(guide)
        for end in ("", "timeline/"):
            real, missing = client.get(hers + end), client.get(nobody + end)
            assert real.status_code == missing.status_code == 404
            assert real.content == missing.content
    assert "陈静" in page_of(cast.lin, hers)


def test_the_profile_masks_what_a_guide_need_not_read(cast: Cast) -> None:
    a_notice(cast.entity)
    grant(cast.chen, "direct_marketing")
    contact = a_contact(cast.lin, member=cast.chen)
    a_purchase(cast.chen)
    page = page_of(cast.lin, reverse("tablet-member", args=[cast.chen.public_id]))
    assert "138****0001" in page
    assert "13800000001" not in page
    assert contact.external_userid not in page
    assert "可以发一对一消息" in page
    # Nobody served her: the guide to whom she belongs sees the purchase all the same.
    assert "¥880" in page


def test_a_whole_phone_or_card_finds_her_and_half_a_phone_does_not(cast: Cast) -> None:
    def found(words: str) -> bool:
        return "陈静" in page_of(cast.lin, f"{reverse('tablet-members')}?q={words}")

    assert found("13800000001")
    assert found("138 0000 0001".replace(" ", "%20"))
    assert found(cast.chen.card_no)
    assert not found("1380000")
    assert not found("0001")
    zhou = page_of(cast.zhou, f"{reverse('tablet-members')}?q=13800000001")
    assert "陈静" not in zhou
    assert "没有找到" in zhou


def test_the_list_goes_on_by_key_and_shows_each_once(cast: Cast) -> None:
    joined = timezone.now() - timedelta(days=30)
    names = [f"会员甲{number:02d}" for number in range(45)]
    for name in names:
        a_member(name, owner=cast.lin, store=cast.guomao, joined_at=joined)
    client, seen = signed_in(cast.lin), ""
    address = reverse("tablet-members")
    for _ in range(3):
        page = client.get(address, headers={"HX-Request": "true"}).content.decode()
        seen += page
        if "?before=" not in page:
            break
        address = page.split('hx-get="')[-1].split('"')[0]
    assert all(seen.count(name) == 1 for name in names)


@pytest.mark.parametrize("place", ["", "x", "1_", "_1", "9" * 40 + "_1", "1_" + "9" * 40, "-1_1"])
def test_a_place_that_is_none_is_the_beginning(place: str) -> None:
    assert read_place(place) is None


def test_a_place_comes_back_as_it_was() -> None:
    now = timezone.now()
    assert read_place(place_of(now, 7)) == (now, 7)


def test_the_timeline_pages_by_key(cast: Cast) -> None:
    for number in range(45):
        Touch.objects.create(
            kind=TouchKind.PUSH,
            member_no=cast.chen.pk,
            guide_no=cast.lin.pk,
            store_no=cast.guomao.pk,
            at=timezone.now() - timedelta(hours=number // 2),
        )
    client = signed_in(cast.lin)
    page = client.get(reverse("tablet-member", args=[cast.chen.public_id])).content.decode()
    shown = page.count("群发送达")
    while 'id="more-moments"' in page:
        address = page.split('id="more-moments"')[1].split('hx-get="')[1].split('"')[0]
        page = client.get(address).content.decode()
        shown += page.count("群发送达")
    assert shown == 45


def test_one_member_and_twenty_cost_the_same_queries(cast: Cast) -> None:
    client = signed_in(cast.lin)

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def happen(number: int) -> None:
        """One more member of Lin's, and one more of everything that Chen's page shows."""
        member = a_member(f"会员{number}", owner=cast.lin, store=cast.guomao)
        a_contact(cast.lin, external_userid=f"wm{number}", member=member)
        a_purchase(member, f"R{number}")
        a_purchase(cast.chen, f"C{number}")
        Touch.objects.create(
            kind=TouchKind.PUSH,
            member_no=cast.chen.pk,
            guide_no=cast.lin.pk,
            store_no=cast.guomao.pk,
            at=timezone.now(),
        )
        BehaviourEvent.objects.create(
            member=cast.chen,
            kind="viewed",
            touchpoint="app",
            object=f"SK-{number}",
            source="app",
            event_id=str(number),
            at=timezone.now(),
        )
        tap_tag(cast.chen.pk, a_tag(f"标签{number}").public_id, on=True, by=TESTER)

    grant(cast.chen, "profiling")
    happen(0)
    places = [
        reverse("tablet-members"),
        reverse("tablet-member", args=[cast.chen.public_id]),
        reverse("tablet-member-timeline", args=[cast.chen.public_id]),
    ]
    for place in places:
        cost(place)
    before = [cost(place) for place in places]
    for number in range(1, 20):
        happen(number)
    assert [cost(place) for place in places] == before


def test_my_code_is_mine(cast: Cast) -> None:
    assert "你还没有自己的码" in page_of(cast.lin, reverse("tablet-code"))
    assert signed_in(cast.lin).post(reverse("tablet-codes-make")).status_code == 302
    page = page_of(cast.lin, reverse("tablet-code"))
    for part in ("林晓", "国贸店", "门口", "试衣间", "收银台", 'data-live="scan"', "<b>0</b>"):
        assert part in page
    theirs = a_channel_code(cast.zhou)
    assert signed_in(cast.lin).get(_of(theirs.public_id)).status_code == 404
    Client().get(reverse("member-join", args=[cast.lin.channel_codes.earliest("pk").token]))


def test_a_scan_is_counted_on_the_code_it_was_made_with(cast: Cast) -> None:
    a_notice(cast.entity)
    door, fitting = a_channel_code(cast.lin, scene="entrance"), a_channel_code(cast.lin)
    for _ in range(2):
        Client().get(reverse("member-join", args=[fitting.token]))
    assert "<b>2</b>" in page_of(cast.lin, _of(fitting.public_id))
    assert "<b>0</b>" in page_of(cast.lin, _of(door.public_id))


def test_a_suggestion_is_asked_of_its_guide_only(cast: Cast) -> None:
    contact = a_contact(cast.lin)
    suggestion = Suggestion.objects.create(
        contact=contact, member=cast.chen, guide=cast.lin, evidence=["扫的是同一个渠道码"]
    )
    address = reverse("tablet-suggestion", args=[suggestion.public_id])
    assert "可能就是会员陈静" in page_of(cast.lin, "/tablet/")
    for stranger in (cast.zhou, cast.ma):
        assert signed_in(stranger).get(address).status_code == 404
        assert signed_in(stranger).post(address, {"answer": "same"}).status_code == 404
    assert "扫的是同一个渠道码" in page_of(cast.lin, address)
    answer = signed_in(cast.lin).post(address, {"answer": "same"})
    assert answer["Location"] == reverse("tablet-today")
    assert Contact.objects.get().member == cast.chen
    assert signed_in(cast.lin).get(address).status_code == 404
    assert "可能就是会员" not in page_of(cast.lin, "/tablet/")


def _of(public_id: object) -> str:
    return reverse("tablet-code-of", args=[shown_id(public_id)])  # type: ignore[arg-type]
