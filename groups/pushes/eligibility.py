"""Who of an audience a push reaches through which guide, and who falls out: one statement of SQL.

Planning counts its rows, launching writes them as arrays; both read the same text, so a plan never
promises what a launch would not do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from groups.content.models import Variant
from groups.content.rules import variant_for
from groups.pushes.models import Push
from groups.pushes.rules import TASK_LIVES, Quiet, due_and_expiry
from members.audience.queries import members_in, members_of, version_of
from members.audience.rules import is_personal
from members.consent.models import Channel, Purpose
from members.consent.queries import permitted, reasons_not
from members.consent.rules import REASONS as CONSENT_REASONS
from members.identity.models import Member, Tier
from members.privacy.models_of_duty import Activity
from members.privacy.pia import assessed_entities
from stores.org.models import LegalEntity, Store

PURPOSE, CHANNEL = Purpose.DIRECT_MARKETING, Channel.WECOM
# In the order in which they are tried; consent's own reasons stand for the first.
REASONS: Mapping[str, str] = {
    **CONSENT_REASONS,
    "not_assessed": "她所属的公司还没有签字的个性化推送影响评估",
    "no_profiling": "没有同意按喜好挑选（人群条件用到了她的行为）",
    "no_friend": "没有加导购的企业微信",
    "no_variant": "没有适合她等级的文案",
    "holdout": "随机留作对照组",
}
_CHUNK = 10_000

_VERDICT = """
aud AS MATERIALIZED ({audience}),
chosen AS (
  SELECT DISTINCT ON (aud.id) aud.id, f.guide_id, c.external_userid, s.entity_id, s.time_zone
  FROM aud
  JOIN members_contact c ON c.member_id = aud.id
  JOIN members_friendship f ON f.contact_id = c.id AND f.until IS NULL
  JOIN stores_guide g ON g.id = f.guide_id AND g.left_on IS NULL AND g.wecom_userid IS NOT NULL
  JOIN stores_store s ON s.id = g.store_id
  ORDER BY aud.id, (f.guide_id = aud.owner_id) DESC NULLS LAST, f.since DESC, f.id
),
may AS ({may}),
judged AS ({judged}),
wording AS (SELECT * FROM unnest(%s::text[], %s::bigint[]) AS w(tier, variant_id)),
verdict AS (
  SELECT aud.id AS member_id, chosen.guide_id, chosen.external_userid, chosen.time_zone,
    w.variant_id,
    COALESCE(chosen.entity_id, aud.entity_id) AS entity_id,
    CASE
      WHEN may.id IS NULL THEN 'consent'
      WHEN aud.entity_id = ANY (%s::bigint[]) THEN 'not_assessed'
      WHEN %s AND judged.id IS NULL THEN 'no_profiling'
      WHEN chosen.guide_id IS NULL THEN 'no_friend'
      WHEN w.variant_id IS NULL THEN 'no_variant'
      WHEN (hashint8extended(aud.id, %s) & 1023) * 100 < %s * 1024 THEN 'holdout'
      ELSE ''
    END AS reason
  FROM aud
  LEFT JOIN chosen ON chosen.id = aud.id
  LEFT JOIN may ON may.id = aud.id AND may.entity_id = COALESCE(chosen.entity_id, aud.entity_id)
  LEFT JOIN judged ON judged.id = aud.id
  LEFT JOIN wording w ON w.tier = aud.tier
)
"""

_COUNT = """
SELECT reason, CASE WHEN reason = '' THEN guide_id END, CASE WHEN reason = '' THEN variant_id END,
  count(*)
FROM verdict GROUP BY 1, 2, 3
"""
_NOBODY = "SELECT NULL::bigint AS id WHERE false"
_REFUSED = "SELECT entity_id, member_id FROM verdict WHERE reason = 'consent' ORDER BY 1, 2"


@dataclass(frozen=True, slots=True)
class Sentence:
    """SQL with its parameters: common table expressions that end in `verdict`."""

    text: str
    params: tuple[Any, ...]

    def rows(self, ending: str, *params: Any) -> list[tuple[Any, ...]]:
        """Run with an ending that selects from `verdict`."""
        with connection.cursor() as cursor:
            self._run(cursor, ending, params)
            return cursor.fetchall()

    def write(self, ending: str, *params: Any) -> int:
        """Run with an ending that inserts from `verdict`; how many rows."""
        with connection.cursor() as cursor:
            self._run(cursor, ending, params)
            return int(cursor.rowcount)

    def _run(self, cursor: Any, ending: str, params: Sequence[Any]) -> None:
        # Row security hides from the planner how many rows there are; it then walks millions one
        # by one. Everything here is set against set, so hashes and merges are always right.
        cursor.execute(
            "SELECT set_config('enable_nestloop', 'off', true),"
            " set_config('work_mem', '64MB', true)"
        )
        cursor.execute(f"WITH {self.text} {ending}", [*self.params, *params])


def verdicts(push: Push, *, at: datetime) -> Sentence:
    """One row per member of the audience: guide, variant, or the reason why not.

    A rule that judges people by what they did reaches those who agreed to that, of companies that
    assessed it (PIPL 24, 55).
    """
    if push.audience is None:
        raise ValueError("a push to groups has no audience")
    people = members_of(push.audience.rule, at).order_by()
    audience, params = people.values("id", "tier", "owner_id", "entity_id").query.sql_with_params()
    entities = list(LegalEntity.objects.order_by("pk").values_list("pk", flat=True))
    allowed, allowed_params = _allowed(people, entities, at)
    judges = is_personal(push.audience.rule)
    judged, judged_params = _NOBODY, ()
    if judges:
        agreed = members_in(push.audience, at).order_by().values("id")
        judged, judged_params = agreed.query.sql_with_params()
    assessed = assessed_entities(Activity.PROFILING, at) if judges else set(entities)
    wording = wording_of(push)
    return Sentence(
        _VERDICT.format(audience=audience, may=allowed, judged=judged),
        (
            *params,
            *allowed_params,
            *judged_params,
            list(wording),
            list(wording.values()),
            [entity for entity in entities if entity not in assessed],
            judges,
            push.pk,
            push.holdout_percent,
        ),
    )


def _allowed(
    people: QuerySet[Member], entities: Iterable[int], at: datetime
) -> tuple[str, list[Any]]:
    """Whom each company may write to, as one statement with its parameters."""
    parts: list[str] = []
    params: list[Any] = []
    for entity in entities:
        found = permitted(people, PURPOSE, CHANNEL, at=at, entity=entity).values("id")
        text, its_params = found.query.sql_with_params()
        parts.append(f"SELECT id, %s::bigint AS entity_id FROM ({text}) p")  # noqa: S608
        params += [entity, *its_params]
    return " UNION ALL ".join(parts), params


def judges_people(push: Push) -> bool:
    """Whether the push's audience, as it was launched, was chosen by what people did."""
    if push.audience is None:
        return False
    launched = version_of(push.audience, push.audience_version or push.audience.version)
    return is_personal(push.audience.rule if launched is None else launched.rule)


def wording_of(push: Push) -> dict[str, int | None]:
    """For each tier the number of the variant that it reads."""
    variants = dict(Variant.objects.filter(material=push.material_id).values_list("tier", "pk"))
    return {tier: variant_for(tier, variants) for tier in Tier.values}


def variant_for_groups(push: Push) -> int:
    """Groups mix tiers: they read the variant for everybody, else the first there is."""
    variants = dict(
        Variant.objects.filter(material=push.material_id).order_by("-pk").values_list("tier", "pk")
    )
    return variants.get("") or next(iter(variants.values()))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a plan counts: (guide, variant, recipients) per task, and how many fall out and why."""

    tasks: list[tuple[int, int, int]]
    excluded: Counter[str]


def counted(sentence: Sentence, *, at: datetime) -> Counted:
    """Count everybody once. Consent is asked for its own reasons in chunks, two queries each."""
    tasks: list[tuple[int, int, int]] = []
    excluded: Counter[str] = Counter()
    for reason, guide, variant, count in sentence.rows(_COUNT):
        if reason:
            excluded[reason] += count
        else:
            tasks.append((guide, variant, count))
    if excluded.pop("consent", 0):
        refused = sentence.rows(_REFUSED)
        for entity, lines in groupby(refused, key=lambda line: int(line[0])):
            for keys in _chunks(int(line[1]) for line in lines):
                excluded.update(reasons_not(keys, PURPOSE, CHANNEL, at=at, entity=entity).values())
    return Counted(tasks, excluded)


def quiet_hours() -> Quiet:
    """The hours in which nothing is sent, as the settings say."""
    return Quiet.read(settings.QUIET_HOURS)


def windows(push: Push, *, at: datetime) -> dict[str, tuple[datetime, datetime]]:
    """For each time zone of the stores: when tasks may go out, and until when they stand.

    A zone in which no moment is left is missing.
    """
    wanted = max(at, push.planned_for)
    until = wanted + TASK_LIVES
    if push.material.valid_until is not None:
        until = min(until, push.material.valid_until)
    found = {}
    for name in Store.objects.order_by().values_list("time_zone", flat=True).distinct():
        zone = ZoneInfo(name)
        window = due_and_expiry(
            wanted=wanted.astimezone(zone), until=until.astimezone(zone), quiet=quiet_hours()
        )
        if window is not None:
            found[name] = window
    return found


def _chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for key in keys:
        chunk.append(key)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
