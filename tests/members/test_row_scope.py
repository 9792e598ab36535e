"""Row-level security of this floor: what is not in an actor's scope does not exist."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, models, transaction
from django.utils import timezone

from kit.actions import scope_of, set_session_scope
from kit.actor import NOTHING, Actor, ActorKind
from members.identity.access import actor_of_entity, actor_of_member
from members.identity.models import Member, Suggestion
from members.registration.actions import request_code
from members.registration.doors import registrant
from stores.org.access import actor_of
from stores.org.models import Guide, LegalEntity, Store
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
from tests.members.privacy.rows import a_row
from tests.members.registration.test_way import WU, visit
from tests.members.rewards.builders import rewarded
from tests.members.tags.builders import some_tags

# Tables that hold nothing of a person, or only digests that lead to nobody.
OF_TAGS_AND_MAPS = {"Tag", "TagGroup", "BehaviourKey", "BehaviourCount", "MapDay"}
# What head office itself made, counts or is accountable for; says nothing of one customer.
OF_HEAD_OFFICE = {
    "AccountLook", "AssignmentPlan", "AudienceCheck", "AudienceVersion", "DataExport", "Headcount",
    "ImpactAssessment", "ImportFault", "Incident", "LifecycleRun", "MemberImport",
    "OutsideMaster", "Play", "PointsRule", "Recipient", "RetentionReport", "StageRule",
    "TierRule", "Yardstick",
}  # fmt: skip
# Codes that hang in shops, what they cost, and the counters that limit them.
OF_CODES = {
    "CardChecks", "ChannelCost", "CodeAlarm", "CodeBudget", "PrintBatch", "PrintedCode",
    "RosterBackup", "RosterChoice", "RosterCode",
}  # fmt: skip
# A digest, for machines alone, for days.
OF_MACHINES = {"TextReply"}
OPEN_TO_ALL = (
    OF_TAGS_AND_MAPS
    | OF_HEAD_OFFICE
    | OF_CODES
    | OF_MACHINES
    | {"Audience", "ChannelCode", "CodeRequest", "CouponKind", "Notice"}
)
GUARDED = [m for m in apps.get_app_config("members").get_models() if m.__name__ not in OPEN_TO_ALL]
# Made of their fields alone (`chens`), and who meets such a row of Chen's: she herself, her guide,
# the manager of her store, where nothing else is said.
MADE: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        [
            "AssignmentLine", "CardCode", "ImportedMember", "InactivityWarning", "Invitation",
            "MemberStage", "NoticeSeen", "PhoneChange", "SubjectRequest", "TodayPick",
        ],
        frozenset({"chen", "lin", "manager"}),
    ),
    # Who looked at her: she is told, and so is who answers for the store.
    "AccessLog": frozenset({"chen", "manager"}),
    "Disclosure": frozenset({"chen"}),
    "Erasure": frozenset({"chen"}),
    # What the house reckons and digests for itself.
    **dict.fromkeys(
        ["AudienceChange", "AudienceFacet", "ErasureTrail", "ImportKey", "ImportPiece"], frozenset()
    ),
}  # fmt: skip
LIVED = [m for m in GUARDED if m.__name__ not in MADE]
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


def chens(model: type[models.Model], cast: Cast) -> None:
    """A row of this table that points at Chen, her guide and her store wherever it can."""
    hers: dict[Any, models.Model] = {
        Member: cast.chen, Guide: cast.lin, Store: cast.guomao, LegalEntity: cast.entity,
    }  # fmt: skip
    numbers: dict[str, Any] = {
        "member_no": cast.chen.pk, "store_no": cast.guomao.pk, "members": [cast.chen.pk],
        # A request that was decided, as `a_row` makes it, has its time.
        "closed_at": timezone.now(),
    }  # fmt: skip
    given = {
        field.name: hers.get(field.related_model) or numbers[field.name]
        for field in model._meta.concrete_fields
        if field.related_model in hers or field.name in numbers
    }
    a_row(model, **given)


@pytest.mark.parametrize(
    "model", [m for m in GUARDED if m.__name__ in MADE], ids=lambda model: model.__name__
)
def test_a_row_made_of_its_fields_is_met_by_whom_it_concerns(
    cast: Cast, model: type[Member]
) -> None:
    chens(model, cast)
    actors = {
        "chen": actor_of_member(cast.chen),
        "lin": actor_of(cast.lin.account),
        "manager": actor_of(cast.manager.account),
        "zhou": actor_of(cast.zhou.account),
        "ma": actor_of(cast.ma.account),
        "franchise": actor_of_entity(cast.franchise.pk, reason="test"),
        "nobody": NOBODY,
        "house": TESTER,
    }
    met = set()
    for name, actor in actors.items():
        with scope_of(actor):
            if model._default_manager.exists():
                met.add(name)
    assert met == {*MADE[model.__name__], "house"}


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
