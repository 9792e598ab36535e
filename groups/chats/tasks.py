"""Celery's doors of this room: ask WeCom which groups there are."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from celery import shared_task
from django.utils import timezone

from groups.chats.actions import want_looks
from groups.chats.models import Group
from kit.actions import scope_of
from kit.actor import Actor
from stores.org.models import Guide
from wecom.gateway import gateway_of
from wecom.gateway.errors import GuideNotUsable

log = structlog.get_logger(__name__)

US = Actor.system("sync of groups")
# How many owners one call of WeCom's list takes (doc 92120, mirrored 2022).
OWNERS_AT_ONCE = 100


@shared_task
def sync_groups() -> None:
    """Every group of our guides, and every group we know, is looked at once more."""
    slot = timezone.now().strftime("%Y%m%d%H%M")
    for chat_ids in _known_and_listed():
        want_looks(chat_ids, slot=slot, by=US)


def _known_and_listed() -> Iterator[list[str]]:
    with scope_of(US):
        owners = list(
            Guide.objects.working()
            .exclude(wecom_userid=None)
            .values_list("wecom_userid", flat=True)
        )
        known = list(Group.objects.active().values_list("chat_id", flat=True))
    yield known
    for start in range(0, len(owners), OWNERS_AT_ONCE):
        batch = [str(userid) for userid in owners[start : start + OWNERS_AT_ONCE]]
        yield _groups_of(batch)


def _groups_of(owners: list[str]) -> list[str]:
    """Their groups. One owner whom WeCom does not know must not hide the others' groups."""
    try:
        return gateway_of().group_ids(owners)
    except GuideNotUsable as error:
        if len(owners) == 1:
            log.warning("groups_of_guide_skipped", userid=owners[0], code=error.code)
            return []
    half = len(owners) // 2
    return _groups_of(owners[:half]) + _groups_of(owners[half:])
