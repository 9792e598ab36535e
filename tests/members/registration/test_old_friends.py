"""A9: friends of before are matched by unionid; a remark is only the guide's word, and is asked."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from members.datamap.actions import draw_map
from members.datamap.panels import panels
from members.identity.actions import decide_suggestion
from members.identity.models import Contact, Suggestion
from members.identity.rules import phones_in
from members.registration.inbound_of_friends import ask_about_old_friends
from members.registration.old_friends import Standing, named_in, standing, waiting_suggestions
from stores.org.access import actor_of
from tests.cast import Cast, a_member
from tests.members.builders import TESTER, a_contact


def friend(cast: Cast, remark: str, key: str) -> Contact:
    contact = a_contact(cast.lin, external_userid=key)
    row = contact.friendships.get()
    row.remark = remark
    row.save()
    return contact


@pytest.mark.parametrize(
    ("remark", "numbers"),
    [
        ("陈静 13800000001", ["13800000001"]),
        ("138 0000 0001 小陈", ["13800000001"]),
        ("订单 2013800000001", []),
        ("小陈", []),
    ],
)
def test_numbers_are_read_among_other_words(remark: str, numbers: list[str]) -> None:
    assert phones_in(remark) == numbers


def test_a_name_counts_only_when_it_names_one() -> None:
    names = {1: "陈静", 2: "陈静怡", 3: "王"}
    assert named_in("国贸陈静怡 M码", names) == 2
    assert named_in("陈静 老客", names) == 1
    assert named_in("王姐", names) is None
    assert named_in("陈静和张伟", {**names, 4: "张伟"}) is None


def test_a_remark_is_asked_about_and_joins_nobody_by_itself(cast: Cast) -> None:
    """Chen's phone stands in one remark, another member's name in a second."""
    li = a_member("李雨桐", owner=cast.lin, store=cast.guomao)
    by_number = friend(cast, "静姐 138-0000-0001", "wm1")
    by_name = friend(cast, "雨桐 李雨桐 S码", "wm2")
    friend(cast, "隔壁店主", "wm3")
    assert ask_about_old_friends(by=TESTER) == 2
    assert ask_about_old_friends(by=TESTER) == 0
    found = {row.contact_id: row for row in Suggestion.objects.all()}
    assert found[by_number.pk].member == cast.chen
    assert "手机号" in found[by_number.pk].evidence[0]
    assert found[by_name.pk].member == li
    assert not Contact.objects.exclude(member=None).exists()
    decide_suggestion(found[by_name.pk].pk, is_same=True, by=TESTER)
    assert Contact.objects.get(pk=by_name.pk).member == li
    found_now = standing()
    assert found_now == Standing(friends=3, joined=1, by={"confirmed": 1})
    assert waiting_suggestions() == 1


def test_another_companys_member_is_not_suggested(cast: Cast) -> None:
    a_member("远方", owner=cast.ma, store=cast.wangjing, phone="+8613955556666")
    friend(cast, "远方 13955556666", "wm1")
    assert ask_about_old_friends(by=TESTER) == 0


def test_the_guide_and_hq_see_it(cast: Cast, client: Client) -> None:
    friend(cast, "静姐 13800000001", "wm1")
    ask_about_old_friends(by=TESTER)
    client.force_login(cast.lin.account, backend="django.contrib.auth.backends.ModelBackend")
    assert "可能就是会员" in client.get("/tablet/").content.decode()
    draw_map()
    shown = {one.key: one for one in panels(actor_of(cast.hq), timezone.now())}
    assert [line.figure for line in shown["friends"].lines] == ["1", "0", "1"]
