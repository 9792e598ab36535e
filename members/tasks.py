"""The tasks of this floor, imported from its rooms for Celery to find them."""

from members.behaviour.tasks import open_months_of_behaviour
from members.datamap.tasks import draw_data_map
from members.handover.tasks import look_at_transfers
from members.lifecycle.tasks import reckon_stages
from members.privacy.tasks import (
    carry_out_requests,
    count_heads,
    end_memberships,
    follow_trails,
    keep_erasure_log,
    retain,
)
from members.registration.tasks import forget_expired_visits, watch_sent_codes
from members.registration.tasks_of_tablet import forget_pending_members
from members.tags.tasks import carry_out_tag_rules, compare_tags_of_pairs

__all__ = [
    "carry_out_requests",
    "carry_out_tag_rules",
    "compare_tags_of_pairs",
    "count_heads",
    "draw_data_map",
    "end_memberships",
    "follow_trails",
    "forget_expired_visits",
    "forget_pending_members",
    "keep_erasure_log",
    "look_at_transfers",
    "open_months_of_behaviour",
    "reckon_stages",
    "retain",
    "watch_sent_codes",
]
