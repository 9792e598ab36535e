"""The admin screens of this floor, imported from its rooms for Django to find them."""

from members.audience.admin import AudienceAdmin, AudienceCheckAdmin
from members.behaviour.admin import BehaviourCountAdmin
from members.consent.admin import ConsentEventAdmin, ConsentStateAdmin, NoticeAdmin
from members.datamap.admin import MapDayAdmin
from members.handover.admin import CustomerTransferAdmin, HandOverAdmin
from members.identity.admin import ContactAdmin, IdentityAdmin, MemberAdmin, SuggestionAdmin
from members.identity.admin_of_merging import MergeAdmin, MergeSuggestionAdmin
from members.imports.admin import MemberImportAdmin
from members.lifecycle.admin import (
    AssignmentPlanAdmin,
    LifecycleRunAdmin,
    MemberStageAdmin,
    PlayAdmin,
    StageRuleAdmin,
    TodayPickAdmin,
    YardstickAdmin,
)
from members.privacy.admin import SubjectRequestAdmin
from members.privacy.admin_of_duty import (
    AccessLogAdmin,
    HeadcountAdmin,
    ImpactAssessmentAdmin,
    IncidentAdmin,
    RecipientAdmin,
)
from members.privacy.admin_of_exports import DataExportAdmin
from members.privacy.admin_of_registers import (
    DisclosureAdmin,
    ErasureAdmin,
    InactivityWarningAdmin,
    RetentionReportAdmin,
)
from members.registration.admin import (
    ChannelCodeAdmin,
    CodeRequestAdmin,
    OneTimeCodeAdmin,
    RegistrationAdmin,
)
from members.registration.admin_of_codes import (
    ChannelCostAdmin,
    PrintBatchAdmin,
    RosterChoiceAdmin,
    RosterCodeAdmin,
)
from members.registration.admin_of_phones import (
    CodeAlarmAdmin,
    CodeBudgetAdmin,
    PhoneChangeAdmin,
    TextReplyAdmin,
)
from members.rewards.admin import CouponAdmin, CouponKindAdmin
from members.rewards.admin_of_points import (
    CouponUseAdmin,
    OutsideBalanceAdmin,
    OutsideDifferenceAdmin,
    OutsideMasterAdmin,
    PointsAccountAdmin,
    PointsAdjustmentAdmin,
    PointsEntryAdmin,
    PointsProposalAdmin,
    PointsRuleAdmin,
    TierRuleAdmin,
    TierStandingAdmin,
)
from members.tags.admin import TagAdmin, TagGroupAdmin

__all__ = [
    "AccessLogAdmin",
    "AssignmentPlanAdmin",
    "AudienceAdmin",
    "AudienceCheckAdmin",
    "BehaviourCountAdmin",
    "ChannelCodeAdmin",
    "ChannelCostAdmin",
    "CodeAlarmAdmin",
    "CodeBudgetAdmin",
    "CodeRequestAdmin",
    "ConsentEventAdmin",
    "ConsentStateAdmin",
    "ContactAdmin",
    "CouponAdmin",
    "CouponKindAdmin",
    "CouponUseAdmin",
    "CustomerTransferAdmin",
    "DataExportAdmin",
    "DisclosureAdmin",
    "ErasureAdmin",
    "HandOverAdmin",
    "HeadcountAdmin",
    "IdentityAdmin",
    "ImpactAssessmentAdmin",
    "InactivityWarningAdmin",
    "IncidentAdmin",
    "LifecycleRunAdmin",
    "MapDayAdmin",
    "MemberAdmin",
    "MemberImportAdmin",
    "MemberStageAdmin",
    "MergeAdmin",
    "MergeSuggestionAdmin",
    "NoticeAdmin",
    "OneTimeCodeAdmin",
    "OutsideBalanceAdmin",
    "OutsideDifferenceAdmin",
    "OutsideMasterAdmin",
    "PhoneChangeAdmin",
    "PlayAdmin",
    "PointsAccountAdmin",
    "PointsAdjustmentAdmin",
    "PointsEntryAdmin",
    "PointsProposalAdmin",
    "PointsRuleAdmin",
    "PrintBatchAdmin",
    "RecipientAdmin",
    "RegistrationAdmin",
    "RetentionReportAdmin",
    "RosterChoiceAdmin",
    "RosterCodeAdmin",
    "StageRuleAdmin",
    "SubjectRequestAdmin",
    "SuggestionAdmin",
    "TagAdmin",
    "TagGroupAdmin",
    "TextReplyAdmin",
    "TierRuleAdmin",
    "TierStandingAdmin",
    "TodayPickAdmin",
    "YardstickAdmin",
]
