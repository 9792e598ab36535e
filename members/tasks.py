"""The tasks of this floor, imported from its rooms for Celery to find them."""

from members.audience.tasks import keep_facets
from members.behaviour.tasks import open_months_of_behaviour
from members.datamap.tasks import draw_data_map
from members.handover.tasks import look_at_transfers
from members.identity.tasks import look_for_all_doubles as look_for_doubles
from members.imports.tasks import carry_on_imports, empty_old_imports
from members.lifecycle.tasks import reckon_stages
from members.privacy.tasks import (
    carry_out_requests,
    count_heads,
    end_memberships,
    follow_trails,
    keep_erasure_log,
    retain,
)
from members.registration.tasks import forget_expired_visits, match_old_friends, watch_sent_codes
from members.registration.tasks_of_tablet import forget_pending_members
from members.rewards.tasks import (
    compare_outside,
    judge_tiers,
    move_points_by_time,
    prove_points,
)
from members.tags.tasks import carry_out_tag_rules, compare_tags_of_pairs

__all__ = [
    "carry_on_imports",
    "carry_out_requests",
    "carry_out_tag_rules",
    "compare_outside",
    "compare_tags_of_pairs",
    "count_heads",
    "draw_data_map",
    "empty_old_imports",
    "end_memberships",
    "follow_trails",
    "forget_expired_visits",
    "forget_pending_members",
    "judge_tiers",
    "keep_erasure_log",
    "keep_facets",
    "look_at_transfers",
    "look_for_doubles",
    "match_old_friends",
    "move_points_by_time",
    "open_months_of_behaviour",
    "prove_points",
    "reckon_stages",
    "retain",
    "watch_sent_codes",
]
