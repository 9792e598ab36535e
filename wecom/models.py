"""The tables of this floor, imported from its rooms for Django to find them."""

from wecom.directory.models import (
    CorpContactWay,
    CorpTag,
    CorpTagGroup,
    Department,
    Difference,
    Staff,
    Sweep,
)
from wecom.directory.models_of_hearing import ArchiveConsent, Bookmark, KeywordHit
from wecom.directory.models_of_reach import (
    AcquisitionBalance,
    AcquisitionCustomer,
    AcquisitionLink,
    CorpMoment,
    MomentPublication,
)
from wecom.health.models import Health
from wecom.inbox.models import InboxMessage
from wecom.outbox.models import OutboxPause, OutboxRow

__all__ = [
    "AcquisitionBalance",
    "AcquisitionCustomer",
    "AcquisitionLink",
    "ArchiveConsent",
    "Bookmark",
    "CorpContactWay",
    "CorpMoment",
    "CorpTag",
    "CorpTagGroup",
    "Department",
    "Difference",
    "Health",
    "InboxMessage",
    "KeywordHit",
    "MomentPublication",
    "OutboxPause",
    "OutboxRow",
    "Staff",
    "Sweep",
]
