"""A group, fetched and authorised in one step."""

from __future__ import annotations

import uuid

from django.http import Http404

from groups.chats.models import Group


def group_in_scope(public_id: uuid.UUID) -> Group:
    """The group, inside `scope_of(actor)`. Missing and forbidden answer alike: Http404."""
    group = Group.objects.select_related("owner", "store").filter(public_id=public_id).first()
    if group is None:
        raise Http404
    return group
