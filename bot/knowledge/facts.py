"""Facts of a store that an answer needs, read from data, each with the time it was true.

A fact that is missing or too old raises StaleFact: then a person answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.knowledge.errors import StaleFact
from bot.knowledge.rules import (
    FACTS,
    AskedDay,
    DayUnclear,
    day_asked,
    hours_are_fresh,
    placeholders_in,
    put_in,
)
from stores.org.models import Store
from stores.org.queries import hours_on, shop_day
from stores.org.rules import HoursRow


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that went into an answer. `as_of` is when somebody last said it, if known."""

    name: str
    value: str
    as_of: datetime | None = None

    def as_row(self) -> dict[str, str]:
        return {
            "name": FACTS[self.name],
            "value": self.value,
            "as_of": self.as_of.isoformat() if self.as_of else "",
        }


@dataclass(frozen=True, slots=True)
class Filled:
    """An answer with its facts in place."""

    text: str
    facts: tuple[Fact, ...]


def fill(answer: str, *, store: Store | None, question: str, at: datetime) -> Filled:
    """The answer with the store's facts for the day asked about.

    Raises StaleFact when a fact is missing, too old, or the day is not clear.
    """
    needed = placeholders_in(answer)
    if not needed:
        return Filled(answer, ())
    if store is None:
        raise StaleFact
    facts: dict[str, Fact] = {}
    if {"store_hours", "store_hours_today", "asked_day"} & set(needed):
        asked, hours = _hours(store, question, at, today_only="store_hours_today" in needed)
        facts["asked_day"] = Fact("asked_day", asked.name)
        said = Fact("store_hours", _spoken(hours), hours.updated_at)
        facts["store_hours"] = said
        facts["store_hours_today"] = Fact("store_hours_today", said.value, said.as_of)
        if not hours.is_open:
            note = f"（{hours.note}）" if hours.note else ""
            return Filled(f"{store.name}{asked.name}休息，不营业{note}。", (said,))
    for name, value in (
        ("store_name", store.name),
        ("store_address", store.address),
        ("store_phone", store.phone),
    ):
        facts[name] = Fact(name, value)
    used = [facts[name] for name in needed if name in facts]
    if len(used) != len(needed) or not all(fact.value for fact in used):
        raise StaleFact
    text = put_in(answer, {fact.name: fact.value for fact in used})
    return Filled(text, tuple(fact for fact in used if fact.name != "asked_day"))


def _hours(
    store: Store, question: str, at: datetime, *, today_only: bool
) -> tuple[AskedDay, HoursRow]:
    today = shop_day(store, at)
    try:
        asked = day_asked(question, today)
    except DayUnclear as error:
        raise StaleFact from error
    hours = hours_on(store, asked.day)
    if hours is None or not hours_are_fresh(hours.updated_at, at):
        raise StaleFact
    if today_only and asked.day != today:
        # The article speaks of today and she asked for another day.
        raise StaleFact
    return asked, hours


def _spoken(hours: HoursRow) -> str:
    if hours.opens_at is None or hours.closes_at is None:
        return "休息"
    return f"{hours.opens_at:%H:%M}–{hours.closes_at:%H:%M}"
