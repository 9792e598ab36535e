"""Where the demo brand's members stand: a play tried, stages of a week ago and of today, lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from config.demo.past import trial_at
from kit.actions import action
from kit.actor import Actor
from members.identity.models import Member, MemberState
from members.lifecycle.actions import save_play
from members.lifecycle.figures import note_sides
from members.lifecycle.models import LifecycleRun, Stage
from members.lifecycle.models_of_today import Play, PlayKind
from members.lifecycle.picking import pick_for_today
from members.lifecycle.reckoning import Kind, reckon
from members.rewards.models import CouponKind
from members.rewards.steps import give_coupon
from stores.figures.models_of_lift import Arm

PLAYS: Final[tuple[dict[str, Any], ...]] = (
    {
        "kind": PlayKind.WELCOME,
        "name": "入会两周见一面",
        "stages": [Stage.NEW.value],
        "entered_within_days": 14,
        "stops": ["purchase", "withdrawal"],
        "talk": "入会礼还没用的，告诉她店里这周有新款可以试。",
    },
    {
        "kind": PlayKind.SECOND,
        "name": "第二次购买",
        "stages": [Stage.NEW.value],
        "entered_within_days": 60,
        "stops": ["purchase", "withdrawal", "not_needed"],
        "talk": "问她上次买的穿得怎么样，再说相配的一件。",
    },
    {
        "kind": PlayKind.WAKE_UP,
        "name": "四个月没来",
        "stages": [Stage.DORMANT.value],
        "entered_within_days": 21,
        "stops": ["purchase", "withdrawal", "stage_change", "ignored"],
        "talk": "到货里挑一件她常买的款，发一张实拍。",
    },
    {
        "kind": PlayKind.WIN_BACK,
        "name": "一年没来",
        "stages": [Stage.LAPSED.value],
        "entered_within_days": 30,
        "holdout_percent": 20,
        "stops": ["purchase", "withdrawal", "ignored"],
        "talk": "只问候一次，不连着发。",
    },
)

# What was tried a month ago on half of the regulars: the page of its effect has something to say.
# Its number decides who was kept out, so it is always the same.
_TRIED: Final[dict[str, Any]] = {
    "public_id": UUID("01935f00-0000-7000-8000-000000000001"),
    "kind": PlayKind.SECOND,
    "name": "换季先看新款",
    "stages": [Stage.GROWING.value, Stage.MATURE.value],
    "entered_within_days": 365,
    "holdout_percent": 50,
    "stops": ["purchase", "withdrawal", "ignored"],
    "talk": "挑一件她常买的款，请她到店先试。",
    "is_active": True,
}
_SEASON: Final = {"amount": 5000, "minimum_spend": 50_000, "valid_days": 30}


def try_play(*, by: Actor) -> None:
    """The trial of a month ago, over what members had done by then; once."""
    if Arm.objects.exists():
        return
    at = trial_at()
    reckon(Kind.EVERYBODY, on=timezone.localdate(at))
    tried = Play.objects.filter(public_id=_TRIED["public_id"]).first()
    note_sides(tried or save_play(Play(**_TRIED), account=None, by=by), at=at, by=by)


def stand(*, by: Actor) -> None:
    """A reckoning of a week ago, today's with who moved since, lists and plays; once."""
    today = timezone.localdate()
    if LifecycleRun.objects.filter(on__gt=timezone.localdate(trial_at())).exists():
        return
    _give_coupons(by=by)
    reckon(Kind.EVERYBODY, on=today - timedelta(days=6))
    reckon(Kind.CHANGES, on=today)
    pick_for_today(today)
    for said in PLAYS:
        if not Play.objects.filter(name=said["name"]).exists():
            save_play(Play(**said), account=None, by=by)


@action
def _give_coupons(*, by: Actor) -> None:
    """Every sixth member has a coupon that soon expires: a reason that needs no profiling."""
    soon = timezone.now() - timedelta(days=26)
    kinds: dict[int, CouponKind] = {}
    for member in Member.objects.filter(state=MemberState.ACTIVE, joined_at__lt=soon):
        if member.pk * 7919 % 101 < 17:
            entity = member.entity_id
            if entity not in kinds:
                kinds[entity], _ = CouponKind.objects.get_or_create(
                    entity_id=entity, name="换季券 · 满 500 减 50", defaults=_SEASON
                )
            give_coupon(member, kinds[entity], once="season", at=soon)
