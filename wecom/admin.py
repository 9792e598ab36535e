"""The admin screens of this floor, imported from its rooms for Django to find them."""

from wecom.directory.admin import (
    CorpContactWayAdmin,
    CorpTagAdmin,
    CorpTagGroupAdmin,
    DepartmentAdmin,
    DifferenceAdmin,
    StaffAdmin,
    SweepAdmin,
)
from wecom.directory.admin_of_reach import (
    AcquisitionBalanceAdmin,
    AcquisitionCustomerAdmin,
    AcquisitionLinkAdmin,
    ArchiveConsentAdmin,
    CorpMomentAdmin,
    KeywordHitAdmin,
    MomentPublicationAdmin,
)
from wecom.health.admin import HealthAdmin
from wecom.inbox.admin import DomainEventAdmin, HandlingAdmin, InboxMessageAdmin
from wecom.outbox.admin import OutboxRowAdmin

__all__ = [
    "AcquisitionBalanceAdmin",
    "AcquisitionCustomerAdmin",
    "AcquisitionLinkAdmin",
    "ArchiveConsentAdmin",
    "CorpContactWayAdmin",
    "CorpMomentAdmin",
    "CorpTagAdmin",
    "CorpTagGroupAdmin",
    "DepartmentAdmin",
    "DifferenceAdmin",
    "DomainEventAdmin",
    "HandlingAdmin",
    "HealthAdmin",
    "InboxMessageAdmin",
    "KeywordHitAdmin",
    "MomentPublicationAdmin",
    "OutboxRowAdmin",
    "StaffAdmin",
    "SweepAdmin",
]
