"""What opening a tracked link leaves behind: a click of nobody, and a touch with permission."""

from __future__ import annotations

from django.utils import timezone

from groups.pushes.models import LinkClick, TrackedLink
from kit.actions import action
from kit.actor import Actor
from kit.fields import shown_id
from members.consent.models import Purpose
from members.consent.queries import may
from members.identity.models import IdentityKind, Member
from members.identity.queries import member_by_identity
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import LegalEntity


@action
def record_click(link_id: int, *, by: Actor) -> None:
    """Count an opening, of whomever."""
    LinkClick.objects.create(link_id=link_id)


@action
def record_opener(link_id: int, member_id: int, *, by: Actor) -> bool:
    """Note that a member opened the link, once per day, if she permits that such things are noted.

    Without her permission nothing is written, and False comes back.
    """
    link = TrackedLink.objects.select_related("push", "guide__store").get(pk=link_id)
    now = timezone.now()
    verdict = may(member_id, Purpose.LINK_TRACKING, at=now, entity=link.guide.store.entity_id)
    if not verdict.allowed:
        return False
    return record_touch(
        TouchKind.LINK_OPEN,
        once=f"link_open:{link.code}:{member_id}:{timezone.localdate(now):%Y%m%d}",
        at=now,
        member_no=member_id,
        guide_no=link.guide_id,
        store_no=link.guide.store_id,
        source=shown_id(link.push.public_id),
    )


def member_by_openid(openid: str, *, near: LegalEntity) -> Member | None:
    """Whom an openid leads to: a member of the company that sent the link, else of another."""
    entities = sorted(LegalEntity.objects.all(), key=lambda entity: entity.pk != near.pk)
    for entity in entities:
        found = member_by_identity(IdentityKind.OPENID, openid, entity)
        if found is not None:
            return found
    return None
