"""The demo tells its sandbox the same people at every start, whatever happened meanwhile."""

from __future__ import annotations

import pytest
from django.utils import timezone

from config.demo.world import people_of_world
from kit.actions import scope_of
from kit.actor import Actor
from members.identity.models import Contact, Friendship, Identity, IdentityKind
from members.identity.queries import digest_of
from stores.org.models import Store
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_who_scanned_with_two_phones_keeps_the_unionid_of_each(cast: Cast) -> None:
    entity, wanted = cast.chen.entity, {}
    for number in (1, 2):
        unionid, external = f"oUnion{number}", f"wmTwoPhones{number}"
        digest = digest_of(IdentityKind.UNIONID, unionid, entity)
        Identity.objects.create(
            entity=entity,
            member=cast.chen,
            kind=IdentityKind.UNIONID,
            value=unionid,
            digest=digest,
        )
        contact = Contact.objects.create(
            entity=entity,
            external_userid=external,
            unionid_digest=digest,
            member=cast.chen,
            guide=cast.lin,
        )
        Friendship.objects.create(contact=contact, guide=cast.lin, since=timezone.now())
        wanted[external] = unionid
    with scope_of(Actor.system("test")):
        people = people_of_world()["customers"]
    seen = {person["external_userid"]: person["unionid"] for person in people}
    assert wanted.items() <= seen.items()


def test_what_was_grown_to_be_measured_is_not_told(cast: Cast) -> None:
    Store.objects.filter(pk=cast.wangjing.pk).update(code="X1")
    for guide, external in ((cast.lin, "wmHers"), (cast.ma, "wmGrown1")):
        contact = Contact.objects.create(
            entity=cast.entity, external_userid=external, guide=guide, read_at=timezone.now()
        )
        Friendship.objects.create(contact=contact, guide=guide, since=timezone.now())
    with scope_of(Actor.system("test")):
        world = people_of_world()
    assert [person["external_userid"] for person in world["customers"]] == ["wmHers"]
    assert not any("X1" in group["chat_id"] for group in world["groups"])
