"""A draft, fetched and authorised in one step."""

from __future__ import annotations

import uuid

from django.http import Http404

from bot.replies.models import Draft


def draft_in_scope(public_id: uuid.UUID) -> Draft:
    """The draft, inside `scope_of(actor)`. Missing and forbidden answer alike: Http404."""
    draft = (
        Draft.objects.select_related("group", "article", "guide", "heard__contact__member")
        .filter(public_id=public_id)
        .first()
    )
    if draft is None:
        raise Http404
    return draft
