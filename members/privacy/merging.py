"""What this room moves when two members are one: her requests. Proof of what was done stays."""

from __future__ import annotations

from members.identity.merging import moving_rows
from members.privacy.models import (
    AccessLog,
    Disclosure,
    Erasure,
    InactivityWarning,
    SubjectRequest,
)

# Who looked at which record, and what left the house under which number, stays as it was written.
MOVER = moving_rows(
    (SubjectRequest, "member"), staying=(AccessLog, Disclosure, Erasure, InactivityWarning)
)
