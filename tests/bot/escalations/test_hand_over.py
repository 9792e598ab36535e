"""What lies on a guide's desk goes to her stand-in, or to her successor for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bot.escalations.actions import hand_over_questions
from bot.escalations.models import Escalation
from bot.escalations.steps import open_escalation
from bot.understanding.models import HeardMessage
from groups.chats.models import Group
from kit.actions import action, scope_of
from kit.actor import Actor
from stores.org.access import actor_of_guide
from stores.org.models import Guide, HandOverReason
from tests.bot.builders import TESTER
from tests.cast import Cast
from tests.members.handover.builders import a_hand_over, decided


def a_question(guide: Guide) -> Escalation:
    now = timezone.now()
    group, _ = Group.objects.get_or_create(
        chat_id="wrLin", defaults={"owner": guide, "store": guide.store, "read_at": now}
    )
    heard = HeardMessage.objects.create(
        heard_on="archive",
        msgid=f"m{HeardMessage.objects.count()}",
        group=group,
        sender="wmSomebody",
        store=guide.store,
        guide=guide,
        decision="escalate",
        said_at=now,
    )

    @action
    def opened(*, by: Actor) -> Escalation:
        return open_escalation(
            heard=heard,
            guide=guide,
            store=guide.store,
            reason="money",
            minutes=10,
            reference=None,
            at=timezone.now(),
        )

    return opened(by=TESTER)


def sees(guide: Guide) -> tuple[int, int]:
    """Questions and what was heard, as far as they exist for her."""
    actor = actor_of_guide(Guide.objects.select_related("account", "store").get(pk=guide.pk))
    with scope_of(actor):
        return Escalation.objects.count(), HeardMessage.objects.count()


def test_a_stand_in_is_asked_from_now_on(cast: Cast) -> None:
    before = a_question(cast.lin)
    back = timezone.now() + timedelta(days=3)
    decided(a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.LEAVE, ends_at=back))
    after = a_question(cast.lin)
    before.refresh_from_db()
    assert (before.guide, before.holder) == (cast.lin, cast.zhou)
    assert (after.guide, after.holder) == (cast.lin, cast.zhou)
    assert sees(cast.zhou) == (2, 2)
    assert sees(cast.ma) == (0, 0)


def test_who_moves_leaves_the_questions_of_her_old_store(cast: Cast) -> None:
    left = a_question(cast.lin)
    taken_along = a_question(cast.lin)
    Escalation.objects.filter(pk=taken_along.pk).update(store=cast.wangjing)
    Guide.objects.filter(pk=cast.lin.pk).update(store=cast.wangjing)
    handover = a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.MOVED, store=cast.guomao.pk)
    decided(handover)
    left.refresh_from_db()
    taken_along.refresh_from_db()
    assert (left.holder, taken_along.holder) == (cast.zhou, cast.lin)


@pytest.mark.parametrize("state", ["open", "taken"])
def test_a_successor_has_them_for_good(cast: Cast, state: str) -> None:
    question = a_question(cast.lin)
    Escalation.objects.update(state=state, taken_at=timezone.now())
    assert hand_over_questions(cast.lin.pk, cast.zhou.pk, comes_back=False, by=TESTER) == 1
    assert hand_over_questions(cast.lin.pk, cast.zhou.pk, comes_back=False, by=TESTER) == 0
    question.refresh_from_db()
    assert (question.guide, question.holder, question.state) == (cast.zhou, cast.zhou, "open")
    assert sees(cast.zhou) == (1, 1)
