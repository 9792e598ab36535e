"""Notices: drafted, looked at, published for good; and that a member saw a newer one.

What the law wants in every notice beside HQ's words (who processes, what, for whom, her rights) is
put in when it is published, as it stands then, and counts in its digest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.module_loading import import_string

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.consent.errors import NoticePublished, NoticeUnfit
from members.consent.models import Notice, NoticeSeen, Purpose
from members.consent.rules import digest_of_notice, fault_of_notice
from members.identity.models import Member
from stores.org.models import LegalEntity

Lists = Callable[[LegalEntity], dict[str, list[dict[str, str]]]]


@action
def draft_notice(
    entity_id: int,
    *,
    title: str,
    summary: str,
    body: str,
    items: list[dict[str, str]],
    by: Actor,
    renotice: bool = False,
    asks_birth_year: bool = False,
) -> Notice:
    """A new version of an entity's notice, not yet published."""
    entity = LegalEntity.objects.select_for_update().get(pk=entity_id)
    newest = Notice.objects.filter(entity=entity).aggregate(newest=Max("version"))["newest"] or 0
    return Notice.objects.create(
        entity=entity,
        version=newest + 1,
        title=title,
        summary=summary,
        body=body,
        items=items,
        renotice=renotice,
        asks_birth_year=asks_birth_year,
    )


@action
def publish_notice(notice_id: int, *, by: Actor) -> Notice:
    """Publish for good: from now on it is shown and never changed. Published before: unchanged.

    One that adds a purpose has members told again, whatever HQ ticked. Refuses a notice whose
    permissions are not well said, and one older than what is shown.
    """
    notice = (
        Notice.objects.select_for_update(of=("self",)).select_related("entity").get(pk=notice_id)
    )
    if notice.published_at is not None:
        return notice
    fault = fault_of_notice(notice.items, Purpose.values)
    if fault or not notice.summary or not notice.body:
        raise NoticeUnfit(fault or "简明告知和全文都要写。")
    published = Notice.objects.filter(entity=notice.entity_id).exclude(published_at=None)
    if published.filter(version__gt=notice.version).exists():
        raise NoticePublished("更新的一版已经发布，这一版不能再发布。")
    before = published.order_by("-version").first()
    known = [item["purpose"] for item in before.items] if before is not None else []
    notice.blocks = blocks_of(notice.entity)
    notice.adds = [
        item["purpose"]
        for item in notice.items
        if before is not None and item["purpose"] not in known
    ]
    notice.renotice = notice.renotice or bool(notice.adds)
    notice.sha256 = digest_of(notice)
    notice.published_at = timezone.now()
    notice.save(update_fields=["blocks", "adds", "renotice", "sha256", "published_at"])
    emit("notice_published", subject=f"notice:{shown_id(notice.public_id)}", notice=notice.pk)
    return notice


def blocks_of(entity: LegalEntity) -> dict[str, Any]:
    """Who processes, and the two lists of 网数条例 21: what is collected, who receives it."""
    lists: Lists = import_string(settings.NOTICE_LISTS)
    return {
        "processor": {"name": entity.name, "contact": entity.contact, "address": entity.address},
        **lists(entity),
    }


def digest_of(notice: Notice) -> str:
    """The digest of all that a reader of this notice is shown."""
    extra = {"blocks": notice.blocks, "asks_birth_year": notice.asks_birth_year}
    return digest_of_notice(
        notice.title,
        notice.summary,
        notice.body,
        notice.items,
        extra if notice.blocks else None,
    )


@action
def see_notice(member_id: int, notice_id: int, *, by: Actor) -> bool:
    """She was shown this notice and went on; False when that was known."""
    member = Member.objects.select_for_update(of=("self",)).get(pk=member_id)
    _, is_new = NoticeSeen.objects.get_or_create(member=member, notice_id=notice_id)
    return is_new
