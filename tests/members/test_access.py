"""F-33 and F-36: a member who is not hers does not exist, by no address and no lookup."""

from __future__ import annotations

import random
import re
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from kit.fields import new_public_id, shown_id
from members.consent.actions import leave_membership
from members.identity.models import Member, MemberState
from stores.org.access import actor_of_guide
from stores.org.models import Account, Guide
from tests.cast import PASSWORD, Cast, a_guide, a_member
from tests.members.builders import TESTER
from tests.members.profile.test_tablet import signed_in
from tests.members.tags.builders import a_tag

PAIRS = 500


@pytest.fixture
def people(cast: Cast) -> dict[str, Member]:
    """Lin's own, a colleague's, another entity's, one nobody owns, deleted, pending."""
    return {
        "own": cast.chen,
        "colleague's": a_member("周的", owner=cast.zhou, store=cast.guomao),
        "other entity's": a_member("马的", owner=cast.ma, store=cast.wangjing),
        "nobody's": a_member("没人的", owner=None, store=cast.guomao),
        "deleted": a_member("删了", owner=cast.lin, store=cast.guomao, state=MemberState.ERASED),
        "pending": a_member("待验证", owner=cast.lin, store=cast.guomao, state="pending"),
    }


# who looks → whom she meets
SEES = {
    "owner": {"own"},
    "colleague": {"colleague's"},
    "other store's manager": {"other entity's"},
    "her manager": {"own", "colleague's", "nobody's"},
    "former guide": set[str](),
}


def guide_called(who: str, cast: Cast) -> Guide:
    if who == "former guide":
        gone = a_guide("走了的", cast.guomao, employee_no="G099")
        Guide.objects.filter(pk=gone.pk).update(left_on=timezone.localdate())
        return gone
    if who == "other store's manager":
        return a_guide("望京店长", cast.wangjing, employee_no="M002", role="store_manager")
    return {"owner": cast.lin, "colleague": cast.zhou, "her manager": cast.manager}[who]


def addresses(public_id: str, tag_id: str) -> list[tuple[str, str]]:
    """Every address about one member: method and path."""
    return [
        ("get", reverse("tablet-member", args=[public_id])),
        ("get", reverse("tablet-member-timeline", args=[public_id])),
        ("get", reverse("tablet-member-phone", args=[public_id])),
        ("post", reverse("tablet-member-tag", args=[public_id, tag_id])),
    ]


def same_words(answer: Any) -> bytes:
    """A page without what is drawn anew for every answer: tokens of forms, nonces of scripts."""
    return re.sub(rb'(value|nonce)="[^"]{16,}"', rb"", answer.content)


@pytest.mark.parametrize("who", SEES)
def test_whoever_is_not_hers_answers_like_nobody(
    cast: Cast, people: dict[str, Member], who: str
) -> None:
    client, tag = signed_in(guide_called(who, cast)), shown_id(a_tag("羊绒").public_id)
    nobody = [
        getattr(client, method)(path) for method, path in addresses(shown_id(new_public_id()), tag)
    ]
    for name, member in people.items():
        for (method, path), missing in zip(
            addresses(shown_id(member.public_id), tag), nobody, strict=True
        ):
            answer = getattr(client, method)(path)
            if name in SEES[who]:
                assert answer.status_code in {200, 302}, (name, path)
            else:
                assert answer.status_code == missing.status_code, (name, path)
                assert same_words(answer) == same_words(missing), (name, path)
                assert set(answer.headers) == set(missing.headers), (name, path)


def test_random_pairs_of_guide_and_member_agree_with_ownership(
    cast: Cast, people: dict[str, Member]
) -> None:
    """PostgreSQL alone: no filter of ours stands between."""
    dice = random.Random(33)  # noqa: S311 - a test's own order
    guides = [cast.lin, cast.zhou, cast.ma, cast.manager, cast.area_manager]
    members = list(people.values())
    for guide, member in product(guides, members):
        with scope_of(actor_of_guide(guide)):
            seen = set(Member.objects.values_list("pk", flat=True))
        stores = {"M001": {cast.guomao.pk}, "A001": {cast.guomao.pk}}.get(guide.employee_no, set())
        assert (member.pk in seen) == (
            member.owner_id == guide.pk or member.home_store_id in stores
        )
    client = signed_in(cast.lin)
    for _ in range(PAIRS // 10):
        member = dice.choice(members)
        found = client.get(reverse("tablet-members"), {"q": member.card_no}).content.decode()
        assert (shown_id(member.public_id) in found) == (member.pk == cast.chen.pk)


def regional(cast: Cast) -> Client:
    """HQ's account for the west alone, with every right to look."""
    account = Account.objects.create_user("west", PASSWORD, name="西区", is_staff=True)
    account.regions.add(cast.west)
    account.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


LOOKUPS = (
    "name", "name__startswith", "phone", "phone__startswith", "phone__contains",
    "card_no__startswith", "public_id", "owner__name__startswith",
    "owner__account__password__startswith",
    "identities__digest", "identities__value", "identities__value__startswith",
    "contacts__external_userid__startswith", "contacts__name", "contacts__unionid_digest",
    "tags__tag__name", "tags__tag__name__startswith", "tags__by__contains",
    "consents__is_granted", "consent_events__proofs__ip",
)  # fmt: skip
VALUES = ("1", "138", "+86138", "陈", "陈静", "True", "wm", "argon2")


def test_no_lookup_of_the_address_tells_of_members_outside(
    cast: Cast, people: dict[str, Member]
) -> None:
    """F-36: a filter made by hand is refused, or answers within the account's regions."""
    client = regional(cast)
    address = reverse("admin:members_member_changelist")
    inside = people["other entity's"]
    outside = [member for member in people.values() if member.pk != inside.pk]
    for lookup, value in product(LOOKUPS, VALUES):
        answer = client.get(address, {lookup: value})
        if answer.status_code == 200:
            page = answer.content.decode()
            assert not [one.card_no for one in outside if one.card_no in page], lookup
    # What is sealed is asked by nobody, in no region.
    for lookup in ("phone__startswith", "name__startswith", "identities__digest"):
        answer = client.get(address, {lookup: "1"})
        assert answer.status_code in {302, 400}, lookup


def test_suggestions_while_typing_offer_nobody_outside(
    cast: Cast, people: dict[str, Member]
) -> None:
    client = regional(cast)
    cards = [one.card_no for one in people.values() if one.home_store_id == cast.guomao.pk]
    for model, screen in admin.site._registry.items():
        if model._meta.app_label != "members":
            continue
        for field in screen.autocomplete_fields:
            asked: dict[str, str] = {
                "app_label": "members",
                "model_name": str(model._meta.model_name),
                "field_name": field,
                "term": "00000",
            }
            offered = client.get(reverse("admin:autocomplete"), asked).content.decode()
            assert not [card for card in cards if card in offered]


def test_a_page_of_hqs_about_a_member_outside_is_one_about_nobody(
    cast: Cast, people: dict[str, Member]
) -> None:
    client = regional(cast)
    real = client.get(reverse("admin:members_member_change", args=[cast.chen.pk]), follow=True)
    none = client.get(reverse("admin:members_member_change", args=[999_999]), follow=True)
    assert real.redirect_chain == none.redirect_chain
    assert "陈静" not in real.content.decode()


def test_who_left_stays_visible_to_her_guide_without_tags(
    cast: Cast, people: dict[str, Member]
) -> None:
    leave_membership(cast.chen.pk, by=TESTER)
    page = signed_in(cast.lin).get(reverse("tablet-member", args=[cast.chen.public_id]))
    assert "已退会" in page.content.decode()
    assert "aria-pressed" not in page.content.decode()
