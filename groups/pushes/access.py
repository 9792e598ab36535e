"""A task, fetched and authorised in one step."""

from __future__ import annotations

import uuid

from django.http import Http404

from groups.pushes.models import PushTask
from stores.org.models import Guide


def task_of(guide: Guide, public_id: uuid.UUID) -> PushTask:
    """A task of this guide, inside `scope_of(actor)`. Missing and forbidden answer alike: Http404.

    A manager follows her guides' tasks in her own lists; confirming is each guide's own business.
    """
    task = (
        PushTask.objects.select_related("push__material", "variant__product", "guide__store")
        .filter(public_id=public_id, guide=guide)
        .first()
    )
    if task is None:
        raise Http404
    return task
