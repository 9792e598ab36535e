"""Row-level security of this floor: what is not in an actor's scope does not exist."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from kit.actions import scope_of, set_session_scope
from kit.actor import NOTHING, Actor, ActorKind
from members.identity.access import actor_of_entity, actor_of_member
from members.identity.models import Member, Suggestion
from members.registration.actions import request_code
from members.registration.doors import registrant
from stores.org.access import actor_of
from tests.cast import Cast
from tests.members.builders import (
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
from tests.members.tags.builders import some_tags

# Tables that hold nothing of a person, or only digests that lead to nobody.
OF_TAGS_AND_MAPS = {"Tag", "TagGroup", "BehaviourKey", "BehaviourCount", "MapDay"}
# What head office itself made, counts or is accountable for; says nothing of one customer.
OF_HEAD_OFFICE = {
    "AccountLook", "AssignmentPlan", "AudienceCheck", "AudienceVersion", "Headcount",
    "ImpactAssessment", "ImportFault", "Incident", "LifecycleRun", "MemberImport",
    "OutsideMaster", "Play", "PointsRule", "Recipient", "RetentionReport", "StageRule",
    "TierRule", "Yardstick",
}  # fmt: skip
# Codes that hang in shops, what they cost, and the counters that limit them.
OF_CODES = {
    "CardChecks", "ChannelCost", "CodeAlarm", "CodeBudget", "PrintBatch", "PrintedCode",
    "RosterBackup", "RosterChoice", "RosterCode",
}  # fmt: skip
# Sealed or digests, for machines alone, for days.
OF_MACHINES = {"ErasureTrail", "TextReply"}
OPEN_TO_ALL = (
    OF_TAGS_AND_MAPS
    | OF_HEAD_OFFICE
    | OF_CODES
    | OF_MACHINES
    | {"Audience", "ChannelCode", "CodeRequest", "CouponKind", "Notice"}
)
GUARDED = [m for m in apps.get_app_config("members").get_models() if m.__name__ not in OPEN_TO_ALL]
# Their rooms make rows for them in tests of their own; the policy is looked at here all the same.
TRIED_IN_THEIR_ROOMS = {
    "AssignmentLine", "AudienceChange", "AudienceFacet", "CardCode", "ImportKey", "ImportPiece",
    "ImportedMember", "InactivityWarning", "Invitation", "MemberStage", "NoticeSeen",
    "PhoneChange", "SubjectRequest", "TodayPick", "AccessLog", "Disclosure", "Erasure",
    "OutsideBalance", "PointsProposal", "PointsAdjustment", "TierStanding", "Trait",
}  # fmt: skip
LIVED = [m for m in GUARDED if m.__name__ not in TRIED_IN_THEIR_ROOMS]
# A manager's word about a colleague's customer; a guide has no business with it.
OF_MANAGERS = {"CustomerChoice"}
NOBODY = Actor(ActorKind.ACCOUNT, "nobody", NOTHING)


@pytest.fixture
def life(cast: Cast) -> None:
    """One row in every guarded table, all of them Chen's or of Lin's code."""
    a_notice(cast.entity)
    gift = a_welcome_gift(cast.entity)
    contact = a_contact(cast.lin)
    Suggestion.objects.create(contact=contact, member=cast.chen, guide=cast.lin)
    registration = visit(a_channel_code(cast.lin))
    request_code(registration.pk, phone=WU, ip="10.0.0.9", by=TESTER)
    cast.chen.coupons.create(kind=gift, number="1", once="x", expires_at=timezone.now())
    grant(cast.chen, "profiling")
    event = cast.chen.consent_events.get()
    event.proofs.create(ip="10.0.0.9")
    a_transfer(cast, contact)
    rewarded(cast)
    some_tags(cast.chen, contact)


@pytest.mark.parametrize("model", LIVED, ids=lambda model: model.__name__)
def test_who_has_no_business_with_her_meets_no_row(
    cast: Cast, life: None, model: type[Member]
) -> None:
    rows = model._default_manager
    with scope_of(actor_of(cast.lin.account)):
        assert rows.exists() is (model.__name__ not in OF_MANAGERS)
    with scope_of(actor_of(cast.manager.account)):
        assert rows.exists()
    for stranger in (
        actor_of(cast.zhou.account),
        actor_of(cast.ma.account),
        actor_of_entity(cast.franchise.pk, reason="test"),
        NOBODY,
    ):
        with scope_of(stranger):
            assert not rows.exists(), f"{stranger} meets {model.__name__}"


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model.__name__)
def test_the_policy_binds_the_tables_owner_too(db: None, model: type[Member]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, True)


def test_a_member_meets_herself_only(cast: Cast, life: None) -> None:
    with scope_of(actor_of_member(cast.chen)):
        assert list(Member.objects.all()) == [cast.chen]
        assert cast.chen.coupons.filter(once="x").exists()
        assert cast.chen.consents.count() == 1


def test_who_registers_at_one_entity_cannot_write_into_another(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    actor = registrant(code)
    assert actor.scope.stores == {cast.guomao.pk}
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
    ):
        _insert_as(actor, cast)


def _insert_as(actor: Actor, cast: Cast) -> None:
    set_session_scope(actor.scope)
    Member.objects.create(
        entity=cast.franchise, state="active", home_store=cast.wangjing, card_no="1"
    )
