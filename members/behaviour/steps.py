"""What actions share about behaviour: forgetting a person."""

from __future__ import annotations

from datetime import datetime

from kit.actions import must_be_in_action
from members.behaviour.models import BehaviourEvent
from members.identity.models import Member


def forget_member(member: Member, at: datetime) -> None:
    """Everything she did is deleted; the counts name nobody and stay. A step."""
    must_be_in_action()
    BehaviourEvent.objects.filter(member=member).delete()
