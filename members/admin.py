"""The admin screens of this floor, imported from its rooms for Django to find them."""

from members.audience.admin import AudienceAdmin
from members.consent.admin import ConsentEventAdmin, ConsentStateAdmin, NoticeAdmin
from members.handover.admin import CustomerTransferAdmin, HandOverAdmin
from members.identity.admin import ContactAdmin, IdentityAdmin, MemberAdmin, SuggestionAdmin
from members.registration.admin import (
    ChannelCodeAdmin,
    CodeRequestAdmin,
    OneTimeCodeAdmin,
    RegistrationAdmin,
)
from members.rewards.admin import CouponAdmin, CouponKindAdmin

__all__ = [
    "AudienceAdmin",
    "ChannelCodeAdmin",
    "CodeRequestAdmin",
    "ConsentEventAdmin",
    "ConsentStateAdmin",
    "ContactAdmin",
    "CouponAdmin",
    "CouponKindAdmin",
    "CustomerTransferAdmin",
    "HandOverAdmin",
    "IdentityAdmin",
    "MemberAdmin",
    "NoticeAdmin",
    "OneTimeCodeAdmin",
    "RegistrationAdmin",
    "SuggestionAdmin",
]
