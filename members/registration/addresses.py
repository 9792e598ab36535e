"""The addresses that codes carry: what a phone opens after the scan."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from members.registration.models import ChannelCode
from members.registration.models_of_codes import RosterCode
from members.registration.models_of_tablet import Invitation


def address_of_code(code: ChannelCode) -> str:
    """A guide's code."""
    return f"{settings.PUBLIC_URL}{reverse('member-join', args=[code.token])}"


def address_of_roster(roster: RosterCode) -> str:
    """A code whose guide is found at the scan."""
    return f"{settings.PUBLIC_URL}{reverse('member-roster', args=[roster.token])}"


def address_of_invitation(invitation: Invitation) -> str:
    """A code for one person."""
    return f"{settings.PUBLIC_URL}{reverse('member-invited', args=[invitation.token])}"
