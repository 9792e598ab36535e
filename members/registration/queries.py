"""Which code a browser came by, how often it was scanned, and how to reach a guide in WeCom."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Case, IntegerField, QuerySet, Value, When

from kit.fields import shown_id
from members.identity.models import Member
from members.registration.models import ChannelCode, OneTimeCode, Registration, Scene
from members.registration.models_of_phones import ChangeState, PhoneChange
from stores.ledger.models import Touch, TouchKind
from stores.org.models import Guide, Store

_TOKEN_LENGTH = 22


def code_by_token(token: str) -> ChannelCode | None:
    """The active code of a working guide; what was ended or never was is the same nothing."""
    if len(token) != _TOKEN_LENGTH:
        return None
    return (
        ChannelCode.objects.select_related("guide__store__entity", "store__entity")
        .filter(token=token, is_active=True, guide__left_on=None)
        .first()
    )


def codes_of(guide: Guide) -> QuerySet[ChannelCode]:
    """A guide's own active codes in her present store, the door first.

    Codes she took over hang where they were; she has no use for them on her screen.
    """
    order = Case(
        *(When(scene=scene, then=Value(number)) for number, scene in enumerate(_SHOWN_ORDER)),
        default=Value(len(_SHOWN_ORDER)),
        output_field=IntegerField(),
    )
    return (
        ChannelCode.objects.filter(
            guide=guide, store=guide.store_id, is_active=True, handed_from=None, roster=None
        )
        # The iPad's own is never shown: each customer gets one of hers.
        .exclude(scene=Scene.TABLET)
        .select_related("store")
        .order_by(order, "campaign", "pk")
    )


_SHOWN_ORDER = ("entrance", "fitting_room", "till", "parcel", "event")


def scans_today(code: ChannelCode, at: datetime) -> int:
    """How many people opened the code's page since the store's midnight."""
    return Touch.objects.filter(
        guide_no=code.guide_id,
        kind=TouchKind.SCAN,
        at__gte=midnight(code.store, at),
        source=shown_id(code.public_id),
    ).count()


def midnight(store: Store, at: datetime) -> datetime:
    """When the store's present day began."""
    zone = ZoneInfo(store.time_zone)
    return datetime.combine(at.astimezone(zone).date(), time(), tzinfo=zone)


def store_of_left_guide(token: str) -> Store | None:
    """The store of a code whose guide has left: its page says so, and that others are there."""
    found = ChannelCode.objects.select_related("store").filter(token=token[:_TOKEN_LENGTH])
    code = found.exclude(guide__left_on=None).first()
    return None if code is None else code.store


def open_change_of(member: Member) -> PhoneChange | None:
    """Her change of phone that is under way."""
    open_states = [ChangeState.ASKED, ChangeState.WAITING]
    return PhoneChange.objects.filter(member=member, state__in=open_states).first()


def newest_code_of(registration: Registration) -> OneTimeCode | None:
    """The one-time code that counts in this visit."""
    return OneTimeCode.objects.filter(registration=registration).order_by("-made_at", "-pk").first()


def way_to_owner(member: Member) -> ChannelCode | None:
    """A contact-me code of the member's guide: that by which she came, else any."""
    if member.owner is None:
        return None
    ways = ChannelCode.objects.filter(guide=member.owner, is_active=True).exclude(qr_code_url="")
    came_by = ways.filter(registrations__member=member).order_by("-registrations__opened_at")
    return came_by.first() or ways.order_by("pk").first()
