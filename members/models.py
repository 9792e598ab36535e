"""The tables of this floor, imported from its rooms for Django to find them."""

from members.audience.models import Audience
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Notice
from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.models import Contact, Friendship, Identity, Member, Suggestion
from members.privacy.models import (
    AccessLog,
    Disclosure,
    Erasure,
    InactivityWarning,
    SubjectRequest,
)
from members.privacy.models_of_duty import (
    AccountLook,
    Headcount,
    ImpactAssessment,
    Incident,
    Recipient,
    RetentionReport,
)
from members.registration.models import ChannelCode, CodeRequest, OneTimeCode, Registration
from members.rewards.models import Coupon, CouponKind

__all__ = [
    "AccessLog",
    "AccountLook",
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
    "Disclosure",
    "Erasure",
    "Friendship",
    "Headcount",
    "Identity",
    "ImpactAssessment",
    "InactivityWarning",
    "Incident",
    "Member",
    "Notice",
    "OneTimeCode",
    "Recipient",
    "Registration",
    "RetentionReport",
    "SubjectRequest",
    "Suggestion",
]
