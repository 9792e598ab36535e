"""What the demo brand's members like: tags by guides and by rule, what they did online, the map."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone

from config.demo import names
from config.demo.past import SEED
from kit.actions import action
from kit.actor import Actor
from members.behaviour.models import BehaviourCount, BehaviourEvent
from members.behaviour.rules import KINDS
from members.consent.models import ConsentState, Purpose
from members.datamap.actions import draw_map
from members.tags.actions import carry_out_rules
from members.tags.models import MemberTag, Tag, TagGroup, TagSource

# Group → tags with what each is good for.
TAGS: Final = {
    "风格": (
        ("喜欢羊绒", "羊绒到货时先告诉她"),
        ("偏好裙装", "挑连衣裙、半裙的新款给她看"),
        ("爱配饰", "围巾、包的搭配建议"),
        ("极简", "不推花色重的款"),
    ),
    "合身": (
        ("个子高", "裤长、袖长要加长"),
        ("尺码偏大一号", "备货、改衣时参考"),
    ),
    "到店习惯": (
        ("周末来", "周末到店前整理好要试的款"),
        ("和女儿一起来", "准备亲子座位"),
    ),
}
# Tags that the night puts on and takes off.
RULES: Final = (
    ("近三个月买过", "回访、保养提醒", {"purchased_within_days": 90}),
    ("金卡以上", "优先预留新款", {"tier": ["gold", "diamond"]}),
)
_SHARE: Final = 0.7
_AT_TOUCHPOINTS: Final = {
    "mini_program": ("viewed", "viewed", "favoured", "opened", "carted"),
    "service_account": ("opened", "read"),
    "web_shop": ("viewed", "carted"),
}


def like(*, by: Actor) -> None:
    """Tags, behaviour and two days' maps. Repeating it changes nothing."""
    if TagGroup.objects.exists():
        return
    _tag(by=by)
    _do(by=by)
    carry_out_rules()
    now = timezone.now()
    draw_map(at=now - timedelta(days=1))
    draw_map(at=now)


def _agreed(purpose: str) -> list[tuple[int, datetime]]:
    held = ConsentState.objects.filter(purpose=purpose, is_granted=True).order_by("member")
    return list(held.values_list("member_id", "since"))


@action
def _tag(*, by: Actor) -> None:
    """HQ's tags; on seven of ten members who allow it, by their guides."""
    chance = random.Random(SEED + 3)  # noqa: S311 - invented data
    offered = []
    for position, (name, tags) in enumerate(TAGS.items()):
        group = TagGroup.objects.create(name=name, position=position)
        offered += [
            Tag.objects.create(group=group, name=word, reason=reason, position=place)
            for place, (word, reason) in enumerate(tags)
        ]
    nightly = TagGroup.objects.create(name="自动", source=TagSource.RULE, position=len(TAGS))
    for word, reason, rule in RULES:
        Tag.objects.create(group=nightly, name=word, reason=reason, rule=rule, is_offered=False)
    MemberTag.objects.bulk_create(
        [
            MemberTag(member_id=member, tag=tag, source=TagSource.MANUAL, by=str(by), since=since)
            for member, since in _agreed(Purpose.PROFILING)
            if chance.random() < _SHARE
            for tag in chance.sample(offered, chance.choice((1, 2, 2, 3)))
        ]
    )


@action
def _do(*, by: Actor) -> None:
    """What members did online in the last two months, as far as each allowed it."""
    chance = random.Random(SEED + 4)  # noqa: S311 - invented data
    now = timezone.now()
    allowed = {purpose: dict(_agreed(purpose)) for purpose in set(KINDS.values())}
    members = sorted({member for those in allowed.values() for member in those})
    events: list[BehaviourEvent] = []
    for member in members:
        if chance.random() > _SHARE:
            continue
        point = chance.choice(list(_AT_TOUCHPOINTS))
        for _ in range(chance.randint(1, 6)):
            kind = chance.choice(_AT_TOUCHPOINTS[point])
            at = now - timedelta(minutes=chance.randint(60, 60 * 24 * 60))
            since = allowed[KINDS[kind]].get(member)
            if since is None or since > at:
                continue
            number = len(events) + 1
            sku = chance.choice(names.PRODUCTS)[0]
            events.append(
                BehaviourEvent(
                    member_id=member,
                    kind=kind,
                    touchpoint=point,
                    object=sku if kind not in {"opened", "read"} else "",
                    source="demo",
                    event_id=f"demo-{number}",
                    at=at,
                    received_at=at,
                )
            )
    BehaviourEvent.objects.bulk_create(events, batch_size=2000)
    _count(events)


def _count(events: list[BehaviourEvent]) -> None:
    counts: dict[tuple[date, str, str], int] = {}
    for event in events:
        key = (timezone.localdate(event.at), event.touchpoint, event.kind)
        counts[key] = counts.get(key, 0) + 1
    BehaviourCount.objects.bulk_create(
        [
            # About as many came from members who do not allow it.
            BehaviourCount(
                on=on, source="demo", touchpoint=point, kind=kind, kept=kept, only_counted=kept
            )
            for (on, point, kind), kept in counts.items()
        ]
    )
