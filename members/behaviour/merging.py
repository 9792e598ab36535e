"""What this room moves when two members are one: what she did on the brand's own touchpoints."""

from __future__ import annotations

from members.behaviour.models import BehaviourEvent
from members.identity.merging import moving_rows

MOVER = moving_rows((BehaviourEvent, "member"))
