"""What this room moves when two members are one: cards of today and lines of assignments.

A stage is not moved: both are scored again from what is then theirs (`inbound.numbers_changed`).
"""

from __future__ import annotations

from members.identity.merging import moving_rows
from members.lifecycle.models_of_owners import AssignmentLine
from members.lifecycle.models_of_today import TodayPick

MOVER = moving_rows((TodayPick, "member"), (AssignmentLine, "member"))
