"""The tables of this floor, imported from its rooms for Django to find them."""

from members.audience.models import (
    Audience,
    AudienceChange,
    AudienceCheck,
    AudienceFacet,
    AudienceVersion,
)
from members.behaviour.models import BehaviourCount, BehaviourEvent, BehaviourKey
from members.consent.models import ConsentEvent, ConsentProof, ConsentState, Notice, NoticeSeen
from members.datamap.models import MapDay
from members.handover.models import CustomerChoice, CustomerTransfer
from members.identity.models import (
    Contact,
    Friendship,
    Identity,
    Member,
    Merge,
    MergeSuggestion,
    Suggestion,
)
from members.identity.models_of_doubles import Trait
from members.imports.models import (
    ImportedMember,
    ImportFault,
    ImportKey,
    ImportPiece,
    MemberImport,
)
from members.lifecycle.models import LifecycleRun, MemberStage, StageRule, Yardstick
from members.lifecycle.models_of_owners import AssignmentLine, AssignmentPlan
from members.lifecycle.models_of_today import Play, TodayPick
from members.privacy.models import (
    AccessLog,
    Disclosure,
    Erasure,
    ErasureTrail,
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
from members.registration.models_of_codes import (
    ChannelCost,
    PrintBatch,
    PrintedCode,
    RosterBackup,
    RosterChoice,
    RosterCode,
)
from members.registration.models_of_phones import CodeAlarm, CodeBudget, PhoneChange, TextReply
from members.registration.models_of_tablet import Invitation
from members.registration.models_of_tills import CardChecks, CardCode
from members.rewards.models import (
    Coupon,
    CouponKind,
    CouponUse,
    OutsideBalance,
    OutsideDifference,
    OutsideMaster,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    PointsProposal,
    PointsRule,
    TierRule,
    TierStanding,
)
from members.tags.models import MemberTag, PairTags, Tag, TagGroup, TagTakenOff

__all__ = [
    "AccessLog",
    "AccountLook",
    "AssignmentLine",
    "AssignmentPlan",
    "Audience",
    "AudienceChange",
    "AudienceCheck",
    "AudienceFacet",
    "AudienceVersion",
    "BehaviourCount",
    "BehaviourEvent",
    "BehaviourKey",
    "CardChecks",
    "CardCode",
    "ChannelCode",
    "ChannelCost",
    "CodeAlarm",
    "CodeBudget",
    "CodeRequest",
    "ConsentEvent",
    "ConsentProof",
    "ConsentState",
    "Contact",
    "Coupon",
    "CouponKind",
    "CouponUse",
    "CustomerChoice",
    "CustomerTransfer",
    "Disclosure",
    "Erasure",
    "ErasureTrail",
    "Friendship",
    "Headcount",
    "Identity",
    "ImpactAssessment",
    "ImportFault",
    "ImportKey",
    "ImportPiece",
    "ImportedMember",
    "InactivityWarning",
    "Incident",
    "Invitation",
    "LifecycleRun",
    "MapDay",
    "Member",
    "MemberImport",
    "MemberStage",
    "MemberTag",
    "Merge",
    "MergeSuggestion",
    "Notice",
    "NoticeSeen",
    "OneTimeCode",
    "OutsideBalance",
    "OutsideDifference",
    "OutsideMaster",
    "PairTags",
    "PhoneChange",
    "Play",
    "PointsAccount",
    "PointsAdjustment",
    "PointsEntry",
    "PointsProposal",
    "PointsRule",
    "PrintBatch",
    "PrintedCode",
    "Recipient",
    "Registration",
    "RetentionReport",
    "RosterBackup",
    "RosterChoice",
    "RosterCode",
    "StageRule",
    "SubjectRequest",
    "Suggestion",
    "Tag",
    "TagGroup",
    "TagTakenOff",
    "TextReply",
    "TierRule",
    "TierStanding",
    "TodayPick",
    "Trait",
    "Yardstick",
]
