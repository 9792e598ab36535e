"""What this room keeps of a person, for her copy."""

from __future__ import annotations

from collections.abc import Sequence

from members.behaviour.models import BehaviourEvent
from members.identity.models import Member
from members.privacy.copies import Part, part


def of_member(member: Member) -> Sequence[Part]:
    """Everything she did, as far as it was kept."""
    found = BehaviourEvent.objects.filter(member=member)
    return [part(found, also="kind touchpoint object source at")]
