"""The admin screens of this floor, imported from its rooms for Django to find them."""

from members.audience.admin import AudienceAdmin, AudienceCheckAdmin
from members.consent.admin import ConsentEventAdmin, ConsentStateAdmin, NoticeAdmin
from members.handover.admin import CustomerTransferAdmin, HandOverAdmin
from members.identity.admin import ContactAdmin, IdentityAdmin, MemberAdmin, SuggestionAdmin
from members.privacy.admin import SubjectRequestAdmin
from members.privacy.admin_of_duty import (
    AccessLogAdmin,
    DisclosureAdmin,
    ErasureAdmin,
    HeadcountAdmin,
    ImpactAssessmentAdmin,
    InactivityWarningAdmin,
    IncidentAdmin,
    RecipientAdmin,
    RetentionReportAdmin,
)
from members.registration.admin import (
    ChannelCodeAdmin,
    CodeRequestAdmin,
    OneTimeCodeAdmin,
    RegistrationAdmin,
)
from members.rewards.admin import CouponAdmin, CouponKindAdmin

__all__ = [
    "AccessLogAdmin",
    "AudienceAdmin",
    "AudienceCheckAdmin",
    "ChannelCodeAdmin",
    "CodeRequestAdmin",
    "ConsentEventAdmin",
    "ConsentStateAdmin",
    "ContactAdmin",
    "CouponAdmin",
    "CouponKindAdmin",
    "CustomerTransferAdmin",
    "DisclosureAdmin",
    "ErasureAdmin",
    "HandOverAdmin",
    "HeadcountAdmin",
    "IdentityAdmin",
    "ImpactAssessmentAdmin",
    "InactivityWarningAdmin",
    "IncidentAdmin",
    "MemberAdmin",
    "NoticeAdmin",
    "OneTimeCodeAdmin",
    "RecipientAdmin",
    "RegistrationAdmin",
    "RetentionReportAdmin",
    "SubjectRequestAdmin",
    "SuggestionAdmin",
]
