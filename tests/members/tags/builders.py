"""Tags of HQ's and of WeCom's, and the worker's part about them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from members.behaviour.models import BehaviourEvent
from members.identity.models import Contact, Friendship, Member
from members.tags.models import MemberTag, PairTags, Tag, TagGroup, TagSource, TagTakenOff
from members.tags.settling import compare_stale_pairs
from stores.org.models import Guide
from tests.members.builders import TESTER, a_contact, run_handlers
from tests.sandbox import Sandbox
from wecom.gateway import gateway_of
from wecom.outbox.delivery import deliver
from wecom.outbox.models import OutboxRow, OutboxState


def a_tag(name: str, *, group: str = "风格", **fields: Any) -> Tag:
    """A tag of HQ's own that guides may put on."""
    fields.setdefault("reason", "挑选新品时参考")
    found, _ = TagGroup.objects.get_or_create(name=group, wecom_group_id=None)
    return Tag.objects.create(group=found, name=name, **fields)


def a_corp_tag(number: int) -> Tag:
    """A tag that WeCom has too."""
    group, _ = TagGroup.objects.get_or_create(
        name="偏好", source=TagSource.WECOM, wecom_group_id="etGroup"
    )
    return Tag.objects.create(
        group=group, name=f"标签{number}", reason="企业标签", wecom_tag_id=f"etTag{number}"
    )


def seed_tags(wecom: Sandbox, count: int) -> None:
    """The same at WeCom."""
    tags = [{"id": f"etTag{number}", "name": f"标签{number}"} for number in range(count)]
    wecom.post(
        "seed",
        corp_id=settings.WECOM_CORP_ID,
        tag_groups=[{"group_name": "偏好", "group_id": "etGroup", "tags": tags}],
    )


def a_friend(guide: Guide, external_userid: str, member: Member, wecom: Sandbox) -> Friendship:
    """She is a friend of the guide, here and at WeCom; one contact, however many guides."""
    contact = Contact.objects.filter(external_userid=external_userid).first()
    if contact is None:
        contact = a_contact(guide, external_userid=external_userid, member=member)
    else:
        Friendship.objects.create(contact=contact, guide=guide, since=timezone.now())
    wecom.post(
        "seed",
        corp_id=settings.WECOM_CORP_ID,
        customers=[{"external_userid": external_userid, "name": "静静"}],
        friends=[{"userid": guide.wecom_userid, "external_userid": external_userid}],
    )
    return Friendship.objects.get(contact=contact, guide=guide)


def edit_at_wecom(
    wecom: Sandbox,
    friendship: Friendship,
    *,
    add: list[str] | None = None,
    remove: list[str] | None = None,
    is_told: bool = True,
) -> None:
    """The guide changes tags inside WeCom; `is_told`: its callback arrives."""
    external_userid = friendship.contact.external_userid
    userid = friendship.guide.wecom_userid
    wecom.act(
        "edit_customer",
        userid=userid,
        customer=external_userid,
        add_tags=add or [],
        remove_tags=remove or [],
    )
    if is_told:
        tell_edited(external_userid, str(userid), by=TESTER)


@action
def tell_edited(external_userid: str, userid: str, *, by: Actor) -> None:
    """What the inbox makes of WeCom's callback."""
    emit(
        "wecom.change_external_contact.edit_external_contact",
        subject=f"contact:{external_userid}",
        external_userid=external_userid,
        userid=userid,
        created_at=int(timezone.now().timestamp()),
    )


def run_house(*, rounds: int = 40) -> None:
    """Do the worker's part until nothing waits: news, comparisons, the outbox."""
    for _ in range(rounds):
        handled = run_handlers()
        PairTags.objects.filter(stale_since__isnull=False).update(next_at=timezone.now())
        compared = compare_stale_pairs()
        due = OutboxRow.objects.filter(state=OutboxState.PLANNED).values_list("pk", flat=True)
        carried = [deliver(key) for key in list(due)]
        if not handled and not compared and not any(carried):
            return
    raise AssertionError("the house does not come to rest")


def at_wecom(friendship: Friendship) -> set[str]:
    """The tags that the pair has at WeCom."""
    card = gateway_of("main").contact(friendship.contact.external_userid)
    (found,) = [
        set(one.tag_ids)
        for one in card.followers
        if one.userid.lower() == friendship.guide.wecom_userid
    ]
    return found


def here(member: Member) -> set[str]:
    """The corp tags that she has here."""
    held = MemberTag.objects.filter(member=member, tag__wecom_tag_id__isnull=False)
    return {str(key) for key in held.values_list("tag__wecom_tag_id", flat=True)}


def some_tags(member: Member, contact: Contact) -> None:
    """One row of hers in every table about tags and behaviour."""
    tag = a_tag("喜欢羊绒")
    MemberTag.objects.create(member=member, tag=tag, source=TagSource.MANUAL, by="test")
    TagTakenOff.objects.create(member=member, tag=a_tag("不收短信"), by="test")
    PairTags.objects.create(friendship=Friendship.objects.get(contact=contact))
    BehaviourEvent.objects.create(
        member=member,
        kind="opened",
        touchpoint="app",
        source="app",
        event_id="1",
        at=timezone.now(),
    )
