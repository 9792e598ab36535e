"""What channel codes are called in the figures."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from kit.fields import read_id, shown_id
from members.registration.models import ChannelCode
from stores.figures.parts import Named


def names(sources: Collection[str]) -> Mapping[str, Named]:
    """Codes by their public ids: whose, where, and for which campaign."""
    wanted: list[uuid.UUID] = []
    for source in sources:
        try:
            wanted.append(read_id(source))
        except ValueError:
            continue
    found = ChannelCode.objects.filter(public_id__in=wanted).select_related("guide", "store")
    return {
        shown_id(code.public_id): Named(
            " · ".join(filter(None, [code.store.name, str(code), code.campaign]))
        )
        for code in found
    }
