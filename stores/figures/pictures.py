"""Pictures of the figures as SVG drawn here: days as columns, cohorts as boxes. Words stay HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from stores.figures.cohorts import Cohort

_WIDE, _HIGH = 720, 160
# So many columns at most; longer periods are drawn by weeks.
MOST_COLUMNS: Final = 92


def columns(values: Sequence[int], titles: Sequence[str]) -> SafeString:
    """A column a value, zero at the base, what is below zero under it."""
    high, low = max([0, *values]), min([0, *values])
    span = (high - low) or 1
    step = _WIDE / max(1, len(values))
    base = _HIGH * high / span if high or low else _HIGH
    parts: list[tuple[Any, ...]] = []
    for n, (value, title) in enumerate(zip(values, titles, strict=True)):
        size = _HIGH * abs(value) / span
        top = base - size if value >= 0 else base
        parts.append((f"{n * step:.2f}", f"{top:.2f}", f"{step * 0.72:.2f}", f"{size:.2f}", title))
    drawn = format_html_join(
        "", '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>', parts
    )
    return format_html(
        '<svg class="columns" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="按天的柱形，数字在下面的表格里">{}'
        '<line class="base" x1="0" y1="{}" x2="{}" y2="{}"/></svg>',
        _WIDE, _HIGH, drawn, f"{base:.2f}", _WIDE, f"{base:.2f}",
    )  # fmt: skip


def boxes(cohorts: Sequence[Cohort]) -> SafeString:
    """Cohorts side by side: as wide as their members, as high as what each brings in a month."""
    members = sum(each.area.members for each in cohorts)
    highest = max((each.per_month for each in cohorts), default=0)
    if not members or highest <= 0:
        return format_html("")
    left, parts = 0.0, []
    for each in cohorts:
        wide = _WIDE * each.area.members / members
        size = _HIGH * max(each.per_month, 0) / highest
        title = f"{each.month:%Y 年 %-m 月}入会 {each.area.members} 位"
        parts.append(
            (f"{left:.2f}", f"{_HIGH - size:.2f}", f"{max(wide - 2, 1):.2f}", f"{size:.2f}", title)
        )
        left += wide
    drawn = format_html_join(
        "", '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>', parts
    )
    return format_html(
        '<svg class="columns" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="各批会员：宽是人数，高是每人每月的消费">{}'
        '<line class="base" x1="0" y1="{}" x2="{}" y2="{}"/></svg>',
        _WIDE, _HIGH, drawn, _HIGH, _WIDE, _HIGH,
    )  # fmt: skip
