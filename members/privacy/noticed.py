"""The two lists that a notice carries when it is published: what is collected, who receives it."""

from __future__ import annotations

from members.privacy.inventory import published, recipients
from stores.org.models import LegalEntity


def lists_of_notice(entity: LegalEntity) -> dict[str, list[dict[str, str]]]:
    """Both as plain rows, one for each table and each recipient; the catalogue is the brand's."""
    collected: dict[str, dict[str, str]] = {}
    for line in published():
        row = collected.setdefault(line.table, {"what": line.title, "kinds": "", "keep": line.keep})
        if line.words not in row["kinds"].split("、"):
            row["kinds"] = "、".join(filter(None, (row["kinds"], line.words)))
    return {
        "collected": list(collected.values()),
        "recipients": [
            {"name": one.name, "purpose": one.purpose, "kinds": one.kinds} for one in recipients()
        ],
    }
