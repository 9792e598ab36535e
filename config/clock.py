"""What the clock sends: sweeps every few seconds, and jobs, each once in its slot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from kit.schedule import Job

# sweeps that look at rows left lying: task → every so many seconds
SWEEPS: Mapping[str, int] = {
    "kit.tasks.sweep_handlings": 2,
    "wecom.tasks.read_inbox": 2,
    "wecom.tasks.sweep_outbox": 2,
    "wecom.tasks.recover_outbox": 5,
    "wecom.tasks.carry_on_sweeps": 5,
    "groups.pushes.tasks.submit_push_tasks": 2,
    "groups.pushes.tasks.look_at_results": 2,
    "groups.pushes.tasks.end_what_is_over": 30,
    "members.tasks.look_at_transfers": 15,
    "members.tasks.carry_on_imports": 5,
    "members.tasks.compare_tags_of_pairs": 2,
    "members.tasks.follow_trails": 60,
    "groups.chats.tasks.look_at_group_transfers": 30,
    "stores.org.tasks.end_hand_overs": 30,
    "stores.commission.tasks.carry_on_settling": 5,
    "stores.conversions.tasks.carry_on_rule_trials": 5,
    "stores.ledger.tasks.carry_on_purchase_files": 5,
    "stores.figures.tasks.keep_figures": 2,
    "stores.figures.tasks.carry_on_figure_proofs": 5,
    "bot.escalations.tasks.reroute_overdue": 5,
    "bot.replies.tasks.expire_drafts": 60,
}

# sweeps with a queue of their own; every other one travels by "urgent"
SWEEP_QUEUES: Mapping[str, str] = {
    # Their turns take half a minute and longer: nobody urgent waits behind them.
    "members.tasks.carry_on_imports": "bulk",
    "stores.commission.tasks.carry_on_settling": "bulk",
    "stores.conversions.tasks.carry_on_rule_trials": "bulk",
    "stores.figures.tasks.carry_on_figure_proofs": "bulk",
    "stores.ledger.tasks.carry_on_purchase_files": "bulk",
}

# jobs by the clock, each slot once whatever the number of tickers
JOBS: list[Job] = [
    Job("open months of the ledger", timedelta(days=1), "stores.ledger.tasks.open_months"),
    Job("forget what was told", timedelta(days=1), "kit.tasks.forget_what_was_told"),
    Job("forget old wishes", timedelta(days=1), "wecom.tasks.forget_old_wishes"),
    Job("begin sweeps", timedelta(minutes=5), "wecom.tasks.begin_due_sweeps"),
    Job("forget old sweeps", timedelta(days=1), "wecom.tasks.forget_old_sweeps"),
    Job("forget old mirrors", timedelta(days=1), "wecom.tasks.forget_old_mirrors"),
    Job("forget old callbacks", timedelta(days=1), "wecom.tasks.forget_old_callbacks"),
    Job("open months of behaviour", timedelta(days=1), "members.tasks.open_months_of_behaviour"),
    Job("draw the data map", timedelta(days=1), "members.tasks.draw_data_map", queue="bulk"),
    Job(
        "carry out tag rules", timedelta(days=1), "members.tasks.carry_out_tag_rules", queue="bulk"
    ),
    Job(
        "match friends of before",
        timedelta(days=1),
        "members.tasks.match_old_friends",
        queue="bulk",
    ),
    Job("watch one-time codes", timedelta(minutes=5), "members.tasks.watch_sent_codes"),
    Job(
        "move points by time", timedelta(hours=6), "members.tasks.move_points_by_time", queue="bulk"
    ),
    Job("look for doubles", timedelta(days=1), "members.tasks.look_for_doubles", queue="bulk"),
    Job("judge tiers", timedelta(days=1), "members.tasks.judge_tiers", queue="bulk"),
    Job("prove points", timedelta(days=1), "members.tasks.prove_points", queue="bulk"),
    Job("compare outside", timedelta(days=1), "members.tasks.compare_outside", queue="bulk"),
    Job("keep facets", timedelta(days=1), "members.tasks.keep_facets", queue="bulk"),
    Job("empty old imports", timedelta(hours=6), "members.tasks.empty_old_imports"),
    Job(
        "empty old purchase files",
        timedelta(hours=6),
        "stores.ledger.tasks.empty_old_purchase_files",
    ),
    Job("forget old visits", timedelta(days=1), "members.tasks.forget_expired_visits"),
    Job("forget pending members", timedelta(hours=1), "members.tasks.forget_pending_members"),
    Job("retain", timedelta(days=1), "members.tasks.retain", queue="bulk"),
    Job("end memberships", timedelta(days=1), "members.tasks.end_memberships", queue="bulk"),
    Job("carry out requests", timedelta(hours=1), "members.tasks.carry_out_requests"),
    Job("count heads", timedelta(days=1), "members.tasks.count_heads"),
    Job("keep erasure log", timedelta(hours=1), "members.tasks.keep_erasure_log"),
    Job("listen again", timedelta(minutes=5), "bot.channels.tasks.listen_again"),
    Job("expire articles", timedelta(hours=6), "bot.knowledge.tasks.expire_articles"),
    Job("forget what was heard", timedelta(days=1), "bot.channels.tasks.forget_heard"),
    Job("prove figures", timedelta(days=1), "stores.figures.tasks.prove_figures", queue="bulk"),
    Job("reckon stages", timedelta(days=1), "members.tasks.reckon_stages", queue="bulk"),
]
