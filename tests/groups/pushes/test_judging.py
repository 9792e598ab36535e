"""A push to people chosen by what they did: assessed before, and only to who agreed (L-32)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from groups.pushes import errors
from groups.pushes.actions import launch_push, plan_push
from groups.pushes.models import Push, PushTask, TaskState
from groups.pushes.queries import reason_to_hold
from members.audience.models import Audience
from members.consent.actions import decide
from members.consent.models import Purpose
from members.identity.models import Member
from members.privacy.duties import sign_assessment
from members.privacy.models_of_duty import Activity, ImpactAssessment
from members.privacy.pia import VERSIONS
from stores.org.models import LegalEntity
from tests.cast import Cast
from tests.groups.builders import (
    TESTER,
    a_material,
    a_push,
    a_reachable_member,
    run_house,
)
from tests.members.builders import grant

pytestmark = pytest.mark.django_db
# Everybody is meant by it, and it judges all the same.
RULE = {"not": {"purchased_within_days": 30}}


@pytest.fixture(autouse=True)
def _no_quiet_hours(settings: object) -> None:
    settings.QUIET_HOURS = ""  # type: ignore[attr-defined]


@pytest.fixture
def push(cast: Cast) -> Push:
    """A push whose audience judges people by their purchases."""
    return a_push(cast.hq, a_material(cast.hq), audience=judging())


def judging() -> Audience:
    return Audience.objects.get_or_create(name="一个月没买", defaults={"rule": RULE})[0]


def sign(entity: LegalEntity, cast: Cast) -> ImpactAssessment:
    row = ImpactAssessment.objects.create(
        entity=entity, activity=Activity.PROFILING, legality="合法", risk="低", measures="可关",
        written_by="test",
    )  # fmt: skip
    return sign_assessment(row.pk, signer=cast.hq, by=TESTER)


def people(cast: Cast) -> tuple[Member, Member, Member]:
    """One who agreed, one who did not, one of a company that assessed nothing."""
    agreed, did_not, elsewhere = (
        a_reachable_member(None, guide, name)
        for guide, name in ((cast.lin, "同"), (cast.lin, "否"), (cast.ma, "别"))
    )
    for member in (agreed, elsewhere):
        grant(member, Purpose.PROFILING)
    return agreed, did_not, elsewhere


def test_nobody_is_chosen_by_what_she_did_before_that_is_assessed(
    cast: Cast, push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(cast)
    with pytest.raises(errors.NotAssessed):
        plan_push(push.pk, by=TESTER)
    row = sign(cast.entity, cast)
    plan_push(push.pk, by=TESTER)
    monkeypatch.setitem(VERSIONS, Activity.PROFILING, row.version + 1)
    with pytest.raises(errors.NotAssessed):
        launch_push(push.pk, by=TESTER)
    assert not PushTask.objects.exists()


def test_the_plan_names_who_did_not_agree_to_be_judged(
    cast: Cast, push: Push, client: Client
) -> None:
    agreed, *_ = people(cast)
    sign(cast.entity, cast)
    planned = plan_push(push.pk, by=TESTER)
    found = {line["reason"]: line["count"] for line in planned.plan["excluded"]}
    assert (found["no_profiling"], found["not_assessed"]) == (1, 1)
    assert planned.plan["recipients"] == 1
    assert planned.plan["audience"] == 1 + sum(found.values())
    client.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/admin/groups/push/{push.pk}/plan/").content.decode()
    assert "没有同意按喜好挑选" in page
    launch_push(push.pk, by=TESTER)
    assert [task.members for task in PushTask.objects.all()] == [[agreed.pk]]
    sign(cast.franchise, cast)
    another = a_push(cast.hq, push.material, audience=judging())
    assert plan_push(another.pk, by=TESTER).plan["recipients"] == 2


def test_who_will_not_be_judged_any_more_falls_out_before_it_is_sent(
    cast: Cast, push: Push
) -> None:
    agreed, did_not, _ = people(cast)
    grant(did_not, Purpose.PROFILING)
    sign(cast.entity, cast)
    plan_push(push.pk, by=TESTER)
    launch_push(push.pk, by=TESTER)
    task = PushTask.objects.get()
    assert sorted(task.members) == sorted([agreed.pk, did_not.pk])
    decide(did_not.pk, {Purpose.PROFILING: False}, by=TESTER)
    task.state = TaskState.SUBMITTING
    assert reason_to_hold(task, at=timezone.now()) == "1 位会员不再允许"
    run_house()
    assert PushTask.objects.get(state=TaskState.WAITING).members == [agreed.pk]


def test_a_push_that_judges_nobody_asks_for_no_assessment(cast: Cast) -> None:
    people(cast)
    push = plan_push(a_push(cast.hq, a_material(cast.hq)).pk, by=TESTER)
    assert push.plan["recipients"] == 3
