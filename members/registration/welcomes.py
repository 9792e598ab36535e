"""Actions on welcomes: wish for one at WeCom, and record that it was taken."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from kit.actions import action
from kit.actor import Actor
from members.identity.queries import contact_by_external_userid
from members.identity.steps import tell_guide
from members.registration.models import ChannelCode
from members.registration.rules import welcome_text
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Guide
from wecom.outbox import steps as outbox
from wecom.outbox.models import OutboxRow


@action
def put_welcome(
    guide_id: int,
    *,
    channel_code_id: int | None,
    welcome_code: str,
    external_userid: str,
    app: str,
    expires_at: datetime,
    by: Actor,
) -> OutboxRow | None:
    """Wish for the welcome of a new friend; one for each of WeCom's welcome codes.

    With a channel code its own words are used, and a link back to its page.
    """
    guide = Guide.objects.select_related("store").get(pk=guide_id)
    code = ChannelCode.objects.filter(pk=channel_code_id or 0, is_active=True).first()
    text = welcome_text(
        written="" if code is None else code.welcome_text,
        guide=guide.name,
        store=guide.store.name,
    )
    return outbox.put(
        "welcome",
        {
            "welcome_code": welcome_code,
            "text": text,
            "attachments": [] if code is None else [_card_link(code, guide)],
            "userid": guide.wecom_userid,
            "external_userid": external_userid,
        },
        once=f"welcome:{welcome_code}",
        subject=f"contact:{external_userid}",
        app=app,
        priority=1,
        expires_at=expires_at,
    )


def _card_link(code: ChannelCode, guide: Guide) -> dict[str, str]:
    address = reverse("member-join", args=[code.token])
    return {
        "kind": "link",
        "title": f"{guide.store.name} · 会员卡",
        "url": f"{settings.PUBLIC_URL}{address}",
        "desc": "还不是会员？两步就好，要不要都由您决定。",
        "picurl": "",
    }


@action
def record_welcome(
    external_userid: str, *, userid: str, once: str, at: datetime, by: Actor
) -> bool:
    """The touch of a welcome that WeCom took; False when it was recorded before."""
    guide = Guide.objects.select_related("store").filter(wecom_userid=userid).first()
    if guide is None:
        return False
    contact = contact_by_external_userid(external_userid, entity=guide.store.entity_id)
    return record_touch(
        TouchKind.WELCOME,
        once=once,
        at=at,
        member_no=None if contact is None else contact.member_id,
        guide_no=guide.pk,
        store_no=guide.store_id,
    )


@action
def show_missed_welcome(userid: str, *, by: Actor) -> None:
    """Her guide's screens ask anew whom she should greet herself; repeating is harmless."""
    guide = Guide.objects.working().select_related("store").filter(wecom_userid=userid).first()
    if guide is not None:
        tell_guide(guide, kind="friend")
