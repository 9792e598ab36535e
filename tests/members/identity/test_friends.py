"""Friends as WeCom tells of them: read anew, bound to the guide, joined by unionid, lost again."""

from __future__ import annotations

import pytest
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import DomainEvent, emit
from members.identity.inbound import friend_came
from members.identity.models import Contact, Friendship, IdentityKind
from members.identity.queries import contact_by_external_userid, friends_of
from stores.ledger.models import Touch, TouchKind
from stores.org.access import actor_of
from tests.cast import Cast, a_member, an_identity
from tests.members.builders import TESTER, run_handlers
from tests.members.wechat import WechatWorld
from wecom.directory.sweeping import sweep_through

CHEN = "wmChenJing00000000000000000000001"


@action
def wecom_says(change: str, *, by: Actor, **said: object) -> DomainEvent | None:
    return emit(
        f"wecom.change_external_contact.{change}",
        subject=f"contact:{said['external_userid']}",
        more={"app": "main", "created_at": int(timezone.now().timestamp()), **said},
    )


def she_adds_lin(wechat: WechatWorld, cast: Cast, **said: object) -> None:
    wechat.befriend(cast.lin, CHEN, str(said.get("state", "")))
    wecom_says("add_external_contact", userid="linxiao", external_userid=CHEN, by=TESTER, **said)
    run_handlers()


def test_a_friend_with_a_known_unionid_is_the_member(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    unionid = wechat.customer("静静", CHEN)["unionid"]
    an_identity(cast.chen, IdentityKind.UNIONID, unionid)
    she_adds_lin(wechat, cast, state="c123")
    contact = Contact.objects.get()
    assert (contact.member, contact.joined_by, contact.name) == (cast.chen, "unionid", "静静")
    friendship = Friendship.objects.get()
    assert (friendship.guide, friendship.state, friendship.until) == (cast.lin, "c123", None)
    touch = Touch.objects.get(kind=TouchKind.FRIEND)
    assert (touch.member_no, touch.guide_no) == (cast.chen.pk, cast.lin.pk)
    assert DomainEvent.objects.filter(kind="contact_joined").count() == 1


def test_a_repeated_callback_changes_nothing(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    for _ in range(3):
        she_adds_lin(wechat, cast)
    assert Friendship.objects.count() == Contact.objects.count() == 1
    assert Touch.objects.filter(kind=TouchKind.FRIEND).count() == 1
    assert DomainEvent.objects.filter(kind="friend_added").count() == 1


def test_without_unionid_she_is_a_contact_and_nobody_yet(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin, open_platform_bound=False)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    contact = Contact.objects.get()
    assert contact.member is None
    assert contact.unionid_digest is None


def test_a_member_of_another_entity_is_not_joined(cast: Cast, wechat: WechatWorld) -> None:
    far = a_member("远方", owner=cast.ma, store=cast.wangjing)
    wechat.begin(cast.lin)
    an_identity(far, IdentityKind.UNIONID, wechat.customer("静静", CHEN)["unionid"])
    she_adds_lin(wechat, cast)
    assert Contact.objects.get().member is None


def test_two_entities_know_her_as_two_contacts(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin, cast.ma)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    wechat.befriend(cast.ma, CHEN)
    wecom_says("add_external_contact", userid="machi", external_userid=CHEN, by=TESTER)
    run_handlers()
    assert Contact.objects.count() == 2
    with scope_of(actor_of(cast.lin.account)):
        assert [f.contact.entity for f in friends_of(cast.lin)] == [cast.entity]
        assert Contact.objects.count() == 1
    assert contact_by_external_userid(CHEN, entity=cast.franchise) is not None


def test_guides_of_one_store_meet_their_own_friends_only(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin, cast.zhou)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    with scope_of(actor_of(cast.zhou.account)):
        assert not Contact.objects.exists()
    wechat.befriend(cast.zhou, CHEN)
    wecom_says("add_external_contact", userid="zhouning", external_userid=CHEN, by=TESTER)
    run_handlers()
    for guide in (cast.lin, cast.zhou):
        with scope_of(actor_of(guide.account)):
            assert Contact.objects.count() == 1
            assert Friendship.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "ended_by"),
    [("del_follow_user", "customer"), ("del_external_contact", "guide")],
)
def test_an_ended_friendship_keeps_its_dates_and_may_begin_anew(
    cast: Cast, wechat: WechatWorld, change: str, ended_by: str
) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    for _ in range(2):
        wecom_says(change, userid="linxiao", external_userid=CHEN, by=TESTER)
        run_handlers()
    ended = Friendship.objects.get()
    assert ended.until is not None
    assert ended.ended_by == ended_by
    assert DomainEvent.objects.filter(kind="friend_lost").count() == 1
    later = int(timezone.now().timestamp()) + 5
    wecom_says(
        "add_external_contact",
        userid="linxiao",
        external_userid=CHEN,
        created_at=later,
        by=TESTER,
    )
    run_handlers()
    assert Friendship.objects.filter(until=None).count() == 1


def test_somebody_of_the_corp_who_is_no_guide_has_no_friends_here(cast: Cast) -> None:
    event = wecom_says("add_external_contact", userid="boss", external_userid=CHEN, by=TESTER)
    assert event is not None
    friend_came(event)
    assert not Contact.objects.exists()


def test_a_friend_gone_before_we_read_her_is_no_friend(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    event = wecom_says("add_external_contact", userid="linxiao", external_userid=CHEN, by=TESTER)
    assert event is not None
    friend_came(event)
    assert not Friendship.objects.exists()


@pytest.mark.parametrize("change", ["del_follow_user", "del_external_contact"])
def test_late_news_of_an_end_does_not_end_what_began_after_it(
    cast: Cast, wechat: WechatWorld, change: str
) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    act = "delete_guide" if change == "del_follow_user" else "delete_customer"
    told_at = int(timezone.now().timestamp())
    wechat.control(f"acts/{act}", {"userid": cast.lin.wecom_userid, "customer": CHEN})
    wechat.control("clock", {"advance_seconds": 3})
    wechat.befriend(cast.lin, CHEN)
    wecom_says(change, userid="linxiao", external_userid=CHEN, created_at=told_at, by=TESTER)
    run_handlers()
    wechat.control("clock", {"offset_seconds": 0})
    assert Friendship.objects.filter(until=None).count() == 1


def test_what_the_guide_calls_her_is_kept_and_follows(cast: Cast, wechat: WechatWorld) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    for remark in ("陈小姐", "陈姐 暖冬"):
        she_adds_lin(wechat, cast)
        edited = {"userid": cast.lin.wecom_userid, "customer": CHEN, "remark": remark}
        wechat.control("acts/edit_customer", edited)
        wecom_says("edit_external_contact", userid="linxiao", external_userid=CHEN, by=TESTER)
        run_handlers()
        assert Friendship.objects.get().remark == remark


def test_editing_who_deleted_her_guide_makes_no_friend_of_her(
    cast: Cast, wechat: WechatWorld
) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    she_adds_lin(wechat, cast)
    wechat.control("acts/delete_guide", {"userid": cast.lin.wecom_userid, "customer": CHEN})
    for change in ("del_follow_user", "edit_external_contact"):
        wecom_says(change, userid="linxiao", external_userid=CHEN, by=TESTER)
        run_handlers()
    assert Friendship.objects.get().ended_by == "customer"
    assert Touch.objects.filter(kind=TouchKind.FRIEND).count() == 1


@pytest.mark.parametrize("seconds", [5, 0])
def test_her_going_heard_before_her_coming_leaves_no_friend(
    cast: Cast, wechat: WechatWorld, seconds: int
) -> None:
    # WeCom tells whole seconds: both may carry the same.
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    wechat.befriend(cast.lin, CHEN)
    wechat.control("acts/delete_guide", {"userid": cast.lin.wecom_userid, "customer": CHEN})
    came_at = int(timezone.now().timestamp())
    told = (("del_follow_user", came_at + seconds), ("add_external_contact", came_at))
    for change, at in told:
        wecom_says(
            change, userid="linxiao", external_userid=CHEN, created_at=at, state="c1", by=TESTER
        )
        run_handlers()
    assert Friendship.objects.get().ended_by == "customer"
    assert Touch.objects.filter(kind=TouchKind.FRIEND).count() == 1


def test_a_coming_of_which_only_the_going_was_heard_is_not_found_by_the_sweep(
    cast: Cast, wechat: WechatWorld
) -> None:
    wechat.begin(cast.lin)
    wechat.customer("静静", CHEN)
    wechat.befriend(cast.lin, CHEN)
    wechat.control("acts/delete_guide", {"userid": cast.lin.wecom_userid, "customer": CHEN})
    wecom_says("del_follow_user", userid="linxiao", external_userid=CHEN, by=TESTER)
    run_handlers()
    sweep = sweep_through("contacts")
    assert (Friendship.objects.filter(until=None).count(), sweep.found) == (0, 0)
