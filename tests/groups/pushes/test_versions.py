"""A push goes out to the version of the audience that somebody looked at, or not at all."""

from __future__ import annotations

import pytest

from groups.pushes.actions import launch_push, plan_push
from groups.pushes.errors import AudienceChanged
from members.audience.actions import save_audience
from members.audience.queries import version_of
from members.consent.models import Purpose
from tests.cast import Cast
from tests.groups.builders import a_material, a_push
from tests.members.builders import TESTER, a_contact, a_notice, grant


def test_an_audience_changed_after_the_plan_is_planned_again(cast: Cast) -> None:
    a_notice(cast.entity)
    grant(cast.chen, Purpose.DIRECT_MARKETING)
    a_contact(cast.lin, member=cast.chen)
    audience = save_audience(None, name="所有人", rule={}, by=TESTER)
    push = a_push(cast.hq, a_material(cast.hq), audience=audience)
    assert plan_push(push.pk, by=TESTER).audience_version == 1
    save_audience(audience.pk, name="所有人", rule={"has_owner": True}, by=TESTER)
    with pytest.raises(AudienceChanged):
        launch_push(push.pk, by=TESTER)
    plan_push(push.pk, by=TESTER)
    assert launch_push(push.pk, by=TESTER).audience_version == 2
    first = version_of(audience, 1)
    assert first is not None
    assert first.rule == {}
