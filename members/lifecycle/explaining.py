"""Why a member stands in her stage, as sentences. Plain values in, Chinese out; no row is read."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from kit.money import shown


class Standing(Protocol):
    """What is explained: the facts of a row of `MemberStage`."""

    stage: str
    frequency: int
    last_on: date | None
    joined_on: date
    monetary_minor: int
    computed_on: date


class Thresholds(Protocol):
    """What it is explained with: a published rule."""

    growing_purchases: int
    mature_purchases: int
    mature_spend: int | None
    dormant_after: int
    lapsed_after: int


def reasons_for(her: Standing, rule: Thresholds) -> list[str]:
    """One or two sentences: what she did, and which threshold that meets."""
    quiet_since = her.last_on or her.joined_on
    days = max((her.computed_on - quiet_since).days, 0)
    bought = (
        f"买过 {her.frequency} 次，最近一次在 {_said(her.last_on)}"
        if her.last_on
        else f"{_said(her.joined_on)}入会，还没有买过"
    )
    return [bought, _threshold(her, rule, days)]


def _said(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _threshold(her: Standing, rule: Thresholds, days: int) -> str:
    quiet = "没有购买" if her.last_on else "没有首次购买"
    if her.stage == "lapsed":
        return f"已有 {days} 天{quiet}，超过 {rule.lapsed_after} 天算流失"
    if her.stage == "dormant":
        return f"已有 {days} 天{quiet}，超过 {rule.dormant_after} 天算休眠"
    if her.stage == "mature":
        if her.frequency >= rule.mature_purchases:
            return f"买满 {rule.mature_purchases} 次、{rule.dormant_after} 天内有购买，算成熟"
        return f"累计消费 {shown(her.monetary_minor)}，满 {shown(rule.mature_spend or 0)} 算成熟"
    if her.stage == "growing":
        left = rule.mature_purchases - her.frequency
        return f"买满 {rule.growing_purchases} 次算成长，再买 {left} 次就到成熟期"
    return f"买满 {rule.growing_purchases} 次才到成长期，入会或购买还在 {rule.dormant_after} 天内"
