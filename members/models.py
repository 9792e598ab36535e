"""The tables of this floor, imported from its rooms for Django to find them."""

from members.audience.models import Audience
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Notice
from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.models import Contact, Friendship, Identity, Member, Suggestion
from members.registration.models import ChannelCode, CodeRequest, OneTimeCode, Registration
from members.rewards.models import Coupon, CouponKind

__all__ = [
    "Audience",
    "ChannelCode",
    "CodeRequest",
    "ConsentEvent",
    "ConsentProof",
    "ConsentState",
    "Contact",
    "Coupon",
    "CouponKind",
    "CustomerChoice",
    "CustomerTransfer",
    "Friendship",
    "Identity",
    "Member",
    "Notice",
    "OneTimeCode",
    "Registration",
    "Suggestion",
]
