"""A plan as one would say it to a guide, pure."""

from __future__ import annotations

from kit.money import shown
from stores.commission.rules import BY_TARGET, read_plan


def plan_in_words(terms: object) -> str:
    """Its rungs, and whether the highest counts for everything."""
    plan = read_plan(terms)
    said = []
    for rung in plan.rungs:
        floor = f"达成 {rung.at_least}%" if plan.by == BY_TARGET else shown(rung.at_least)
        said.append(f"{floor} 起 {rung.per_mille / 10:g}%")
    how = "达到哪一档，全部按那一档" if plan.whole else "分段计算"
    return f"{'；'.join(said)}（{how}）"
