"""What HQ's start page says of the figures: how the night's proof ended."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from kit.actor import Actor
from stores.figures.queries import last_proof
from stores.org.panels import Line, Listing


def panels(actor: Actor, at: datetime) -> list[Listing]:
    """The last recount: everything equal, or how many sums were mended. Of all stores at once."""
    if not actor.scope.everything:
        return []
    proof = last_proof()
    href = reverse("admin:stores_figureproof_changelist")
    lines = []
    if proof is not None and proof.finished_at is not None:
        wrong = proof.differences
        lines = [
            Line(
                text=f"{wrong} 处有出入，已按事实改正" if wrong else "与逐笔重算完全一致",
                why=f"{timezone.localtime(proof.finished_at):%-m 月 %-d 日 %H:%M} 核对了"
                f" {proof.days:,} 个门店日",
                href=reverse("admin:stores_figureproof_change", args=[proof.pk]),
                tone="bad" if wrong else "good",
            )
        ]
    return [
        Listing(
            key="figure_proof",
            title="业绩核对",
            lines=lines,
            href=href,
            when_empty="还没有核对过，今晚会把每一天重算一遍。",
        )
    ]
