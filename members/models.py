"""The tables of this floor, imported from its rooms for Django to find them."""

from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Notice
from members.identity.models import Contact, Friendship, Identity, Member, Suggestion

__all__ = [
    "ConsentEvent",
    "ConsentProof",
    "ConsentState",
    "Contact",
    "Friendship",
    "Identity",
    "Member",
    "Notice",
    "Suggestion",
]
