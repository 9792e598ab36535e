"""Who reacts to what: the one page that joins lower floors to higher ones.

Lists name dotted paths, lowest floor first. Each handler runs by itself, in its own task and
transaction, is retried by itself, and never relies on another having run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from config.clock import JOBS, SWEEPS

# kind of domain event → handlers(event)
REACTIONS: Mapping[str, Sequence[str]] = {
    "purchases_recorded": (
        "stores.conversions.inbound.judge_recorded_purchases",
        "members.rewards.inbound.purchases_recorded",
    ),
    "purchases_imported": ("stores.conversions.inbound.judge_recorded_purchases",),
    "receipt_claimed": (
        "stores.conversions.inbound.judge_claimed_receipt",
        "members.rewards.inbound.receipt_claimed",
    ),
    "entity_passed_on": ("members.rewards.inbound.entity_passed_on",),
    "receipt_ruled": ("stores.conversions.inbound.judge_claimed_receipt",),
    "touch_recorded": ("stores.conversions.inbound.judge_after_touch",),
    "owner_set": ("stores.conversions.inbound.judge_after_touch",),
    "numbers_merged": (
        "stores.conversions.inbound.judge_after_merge",
        "members.lifecycle.inbound.numbers_changed",
    ),
    "numbers_parted": (
        "stores.conversions.inbound.judge_after_merge",
        "members.lifecycle.inbound.numbers_changed",
    ),
    "guide_left": ("stores.org.inbound.propose_for_leaver",),
    "guide_moved": ("stores.org.inbound.propose_for_mover",),
    "staff_renamed": ("stores.org.inbound.follow_new_userid",),
    "staff_gone": ("stores.org.inbound.propose_for_gone",),
    "handover_decided": (
        "stores.org.inbound.begin_decided",
        "groups.pushes.inbound.guide_handed_over",
        "bot.escalations.inbound.guide_handed_over",
        "bot.replies.inbound.guide_handed_over",
    ),
    "handover_begun": (
        "members.handover.inbound.hand_over_begun",
        "members.handover.inbound.codes_pass_on",
        "groups.chats.inbound.hand_over_begun",
    ),
    "handover_ended": ("stores.org.inbound.propose_for_who_left_meanwhile",),
    "handover_stopped": (
        "members.handover.inbound.hand_over_stopped",
        "groups.chats.inbound.hand_over_stopped",
    ),
    "outbox.sent.customer_transfer": ("members.handover.inbound.batch_answered",),
    "outbox.failed.customer_transfer": ("members.handover.inbound.batch_refused",),
    "outbox.missed.customer_transfer": ("members.handover.inbound.batch_refused",),
    "outbox.unknown.customer_transfer": ("members.handover.inbound.batch_doubtful",),
    "outbox.sent.group_transfer": ("groups.chats.inbound.group_batch_answered",),
    "outbox.failed.group_transfer": ("groups.chats.inbound.group_batch_refused",),
    "outbox.missed.group_transfer": ("groups.chats.inbound.group_batch_refused",),
    "outbox.unknown.group_transfer": ("groups.chats.inbound.group_batch_doubtful",),
    "wecom.change_external_contact.add_external_contact": (
        "members.registration.inbound.welcome_friend",
        "members.identity.inbound.friend_came",
        "members.handover.inbound.customer_changed",
    ),
    "wecom.change_external_contact.add_half_external_contact": (
        "members.registration.inbound.welcome_friend",
        "members.identity.inbound.friend_came",
    ),
    "wecom.change_external_contact.edit_external_contact": (
        "members.identity.inbound.friend_edited",
        "members.tags.inbound.contact_edited",
    ),
    "wecom.change_external_contact.del_follow_user": ("members.identity.inbound.friend_left",),
    "wecom.change_external_contact.del_external_contact": (
        "members.identity.inbound.friend_dropped",
        "members.handover.inbound.customer_changed",
    ),
    "outbox.sent.contact_way": ("members.registration.inbound.keep_contact_way_of_code",),
    "wecom.change_external_contact.transfer_fail": (
        "wecom.directory.inbound.contact_in_doubt",
        "members.handover.inbound.customer_changed",
    ),
    "wecom.change_contact.create_user": ("wecom.directory.inbound.member_changed",),
    "wecom.change_contact.update_user": ("wecom.directory.inbound.member_changed",),
    "wecom.change_contact.delete_user": ("wecom.directory.inbound.member_changed",),
    "wecom.change_contact.create_party": ("wecom.directory.inbound.department_changed",),
    "wecom.change_contact.update_party": ("wecom.directory.inbound.department_changed",),
    "wecom.change_contact.delete_party": ("wecom.directory.inbound.department_changed",),
    "wecom.change_external_tag.create": ("wecom.directory.inbound.tag_changed",),
    "wecom.change_external_tag.update": ("wecom.directory.inbound.tag_changed",),
    "wecom.change_external_tag.delete": ("wecom.directory.inbound.tag_changed",),
    "wecom.change_external_tag.shuffle": ("wecom.directory.inbound.tag_changed",),
    "wecom.change_external_contact.msg_audit_approved": (
        "wecom.directory.inbound_of_hearing.agreement_told",
    ),
    "wecom.zone.chat_archive_audit_approved_single": (
        "wecom.directory.inbound_of_hearing.agreement_told",
    ),
    "wecom.zone.chat_archive_audit_approved_room": (
        "wecom.directory.inbound_of_hearing.agreement_told",
    ),
    "wecom.zone.hit_keyword": ("wecom.directory.inbound_of_hearing.keyword_told",),
    "wecom.kf_account_auth_change": ("wecom.directory.inbound_of_hearing.kf_accounts_told",),
    "wecom.customer_acquisition.balance_low": ("wecom.directory.inbound_of_reach.balance_told",),
    "wecom.customer_acquisition.balance_exhausted": (
        "wecom.directory.inbound_of_reach.balance_told",
    ),
    "wecom.customer_acquisition.quota_expire_soon": (
        "wecom.directory.inbound_of_reach.balance_told",
    ),
    "wecom.customer_acquisition.link_unavailable": ("wecom.directory.inbound_of_reach.link_told",),
    "wecom.customer_acquisition.delete_link": ("wecom.directory.inbound_of_reach.link_told",),
    "wecom.customer_acquisition.customer_start_chat": (
        "wecom.directory.inbound_of_reach.customer_spoke",
    ),
    "wecom.customer_acquisition.message_from_customer": (
        "wecom.directory.inbound_of_reach.customer_spoke",
    ),
    "outbox.sent.moment": ("wecom.directory.inbound_of_reach.moment_ordered",),
    "wecom.msgaudit_notify": ("bot.channels.inbound.archive_has_news",),
    "wecom.kf_msg_or_event": ("bot.channels.inbound.kf_has_news",),
    "outbox.sent.kf_message": ("bot.channels.inbound.answer_sent",),
    "outbox.failed.kf_message": ("bot.channels.inbound.answer_not_sent",),
    "outbox.missed.kf_message": ("bot.channels.inbound.answer_not_sent",),
    "escalation_opened": ("bot.channels.inbound.move_kf_session",),
    "draft_dismissed": ("bot.replies.inbound.draft_dismissed",),
    "outbox.sent.welcome": ("members.registration.inbound.record_welcome_sent",),
    "outbox.failed.welcome": ("members.registration.inbound.welcome_came_to_nothing",),
    "outbox.missed.welcome": ("members.registration.inbound.welcome_came_to_nothing",),
    "wecom.change_external_chat.create": ("groups.chats.inbound.group_changed",),
    "wecom.change_external_chat.update": ("groups.chats.inbound.group_changed",),
    "wecom.change_external_chat.dismiss": ("groups.chats.inbound.group_changed",),
    "group_seen": ("groups.chats.inbound.group_changed",),
    "group_transfer_due": ("groups.chats.inbound.group_changed",),
    "group_found": ("groups.chats.inbound.group_found",),
    "contact_joined": (
        "members.tags.inbound.contact_joined",
        "groups.chats.inbound.contact_known",
    ),
    "consent_granted": (
        "members.tags.inbound.permission_changed",
        "members.lifecycle.inbound.profiling_allowed",
    ),
    "consent_withdrawn": (
        "members.tags.inbound.permission_changed",
        "members.behaviour.inbound.permission_withdrawn",
        "members.lifecycle.inbound.profiling_refused",
        "groups.pushes.inbound.consent_withdrawn",
    ),
    "member_left": (
        "members.tags.inbound.member_left",
        "members.behaviour.inbound.member_left",
        "members.lifecycle.inbound.member_gone",
    ),
    "outbox.sent.tag_mark": ("members.tags.inbound.mark_ended",),
    "outbox.failed.tag_mark": ("members.tags.inbound.mark_ended",),
    "outbox.missed.tag_mark": ("members.tags.inbound.mark_ended",),
    "outbox.unknown.tag_mark": ("members.tags.inbound.mark_ended",),
    "outbox.vetoed.tag_mark": ("members.tags.inbound.mark_ended",),
    "outbox.sent.corp_tag": ("members.tags.inbound.corp_tag_ended",),
    "outbox.failed.corp_tag": ("members.tags.inbound.corp_tag_ended",),
    "outbox.unknown.corp_tag": ("members.tags.inbound.corp_tag_ended",),
    "outbox.sent.corp_tag_change": ("members.tags.inbound.corp_tag_ended",),
    "outbox.failed.corp_tag_change": ("members.tags.inbound.corp_tag_ended",),
    "outbox.unknown.corp_tag_change": ("members.tags.inbound.corp_tag_ended",),
    "outbox.sent.corp_tag_delete": ("members.tags.inbound.corp_tag_ended",),
    "outbox.failed.corp_tag_delete": ("members.tags.inbound.corp_tag_ended",),
    "outbox.unknown.corp_tag_delete": ("members.tags.inbound.corp_tag_ended",),
    "outbox.sent.mass_send": ("groups.pushes.inbound.task_submitted",),
    "outbox.failed.mass_send": ("groups.pushes.inbound.task_failed",),
    "outbox.vetoed.mass_send": ("groups.pushes.inbound.task_held",),
    "outbox.missed.mass_send": ("groups.pushes.inbound.task_held",),
    "outbox.unknown.mass_send": ("groups.pushes.inbound.task_doubtful",),
    "outbox.sent.mass_send_cancel": ("groups.pushes.inbound.task_cancelled",),
    "outbox.failed.mass_send_cancel": ("groups.pushes.inbound.task_not_cancelled",),
    "member_corrected": ("members.identity.inbound_of_doubles.member_known_better",),
    "identity_contested": ("members.identity.inbound_of_doubles.identity_contested",),
    "members_merged": ("groups.pushes.inbound.members_merged",),
    "contact_remarked": ("members.identity.inbound_of_doubles.contact_remarked",),
    "receipt_contested": ("members.registration.inbound_of_tills.receipt_contested",),
    "pair_decided": ("members.identity.inbound_of_doubles.pair_decided",),
    "code_requested": ("members.registration.inbound.send_code",),
    "phone_change_waiting": ("members.registration.inbound.tell_old_phone",),
    "friend_added": (
        "members.registration.inbound.suggest_for_friend",
        "members.tags.inbound.friend_added",
        "groups.chats.inbound.contact_known",
    ),
    "prints_ordered": ("members.registration.inbound_of_codes.draw_prints",),
    "member_registered": (
        "members.identity.inbound_of_doubles.member_known_better",
        "members.registration.inbound_of_codes.end_invitation",
        "members.registration.inbound.suggest_for_member",
    ),
}

# kind of outbox row → may_still_send(row) at the moment of sending
VETOES: Mapping[str, Sequence[str]] = {
    "tag_mark": ("members.tags.inbound.may_still_send",),
    "mass_send": ("groups.pushes.inbound.may_still_send",),
}

# handlers with workers of their own: handler → queue; every other one is called by "urgent"
QUEUES: Mapping[str, str] = {
    # WeCom takes a welcome within 20 seconds of the event, whatever else is to be done.
    "members.registration.inbound.welcome_friend": "welcome",
    # Seconds of drawing, which nobody urgent shall wait behind.
    "members.registration.inbound_of_codes.draw_prints": "bulk",
}

# beginnings of domain events' keys that nobody could use again once the events are forgotten
PASSING_KEYS: Sequence[str] = (
    # A callback carries its second, and the door refuses a signature of long ago.
    "wecom:",
)

# kind of sweep → who compares what WeCom told (wecom/directory/portions.py), lowest floor first
RECONCILERS: Mapping[str, Sequence[str]] = {
    "staff": (
        "wecom.directory.reconciling.mirror_staff",
        "stores.org.reconciling.compare_guides",
    ),
    "contacts": (
        "members.identity.reconciling.compare_friends",
        "members.tags.reconciling.compare_tags",
    ),
    "tags": (
        "wecom.directory.reconciling.mirror_tags",
        "members.tags.reconciling.mirror_corp_tags",
    ),
    "groups": ("groups.chats.reconciling.compare_groups",),
    "contact_ways": (
        "wecom.directory.reconciling.mirror_ways",
        "members.registration.reconciling.compare_codes",
    ),
    "mass_sends": ("groups.pushes.reconciling.follow_tasks",),
    "unassigned": ("wecom.directory.reconciling.report_unassigned",),
    "acquisition": ("wecom.directory.reconciling_of_reach.mirror_links",),
    "moments": ("wecom.directory.reconciling_of_reach.mirror_moments",),
    "kf_accounts": ("bot.channels.reconciling.compare_accounts",),
    "archive_consents": ("wecom.directory.reconciling_of_hearing.mirror_agreements",),
    "keyword_hits": ("wecom.directory.reconciling_of_hearing.keep_hits",),
}

# suppliers of cards for a guide's Today page: (actor, guide, at) → list of cards
TODAY_CARDS: Sequence[str] = (
    "stores.conversions.cards.cards",
    "stores.disputes.cards.cards",
    "members.registration.cards.to_ask",
    "members.identity.pairs.cards",
    "members.registration.cards.unwelcomed",
    "members.registration.cards.newcomers",
    "members.handover.cards.cards",
    "members.lifecycle.cards.cards",
    "groups.pushes.today.cards",
    "bot.escalations.today.cards",
    "bot.replies.today.cards",
)

# suppliers of panels for HQ's start page: (actor, at) → list of panels
HQ_PANELS: Sequence[str] = (
    "members.privacy.panels.panels",
    "members.datamap.panels.panels",
    "members.registration.panels.panels",
    "members.handover.panels.panels",
    "members.lifecycle.panels.panels",
    "stores.conversions.panels.panels",
    "stores.disputes.panels.panels",
    "stores.figures.panels.panels",
)

# numbers that floors add to the figures: (stores, since, until) → list of figures.parts.Part
FIGURE_PARTS: Sequence[str] = (
    "members.lifecycle.figures.parts",
    "groups.pushes.figures.parts",
    "bot.escalations.figures.parts",
)

# kind of source → who knows the names: (public ids) → public id → stores.figures.parts.Named
FIGURE_NAMES: Mapping[str, str] = {
    "code": "members.registration.figures.names",
    "push": "groups.pushes.figures.names",
    "play": "members.lifecycle.figures.names",
}

# kind of trial → who was meant, beside those noted: (public id) → stores.figures.lifting.Meant
FIGURE_ARMS: Mapping[str, str] = {
    "push": "groups.pushes.figures.meant",
}

# what each floor says of a hand-over: (actor, handover) → part
HANDOVER_PARTS: Sequence[str] = (
    "members.handover.parts.customers",
    "groups.chats.parts.groups",
)

# who removes a person from the tables of a room: steps (member, at) → None, highest floor first,
# since what is above may still ask below who she is; her own record is emptied last
ERASERS: Sequence[str] = (
    "bot.replies.steps.forget_member",
    "bot.understanding.steps.forget_member",
    "groups.pushes.steps.forget_member",
    "groups.chats.steps.forget_member",
    "members.lifecycle.steps.forget_member",
    "members.behaviour.steps.forget_member",
    "members.tags.steps.forget_member",
    "members.handover.steps.forget_member",
    "members.registration.forgetting.forget_member",
    "members.imports.steps.forget_member",
    "members.rewards.steps.forget_member",
    "members.privacy.erasing_below.forget_requests",
    "members.privacy.erasing_below.forget_in_wecom",
    "members.consent.forgetting.forget_member",
    "members.identity.steps.forget_member",
)

# who hands in what a room keeps of a person: (member) → list of members.privacy.copies.Part
COPIES: Sequence[str] = (
    "members.privacy.copies_below.of_wecom",
    "members.privacy.copies_below.of_ledger",
    "members.privacy.copies_below.of_identity",
    "members.privacy.copies_below.of_consent",
    "members.privacy.copies_below.of_privacy",
    "members.rewards.copies.of_member",
    "members.imports.copies.of_member",
    "members.registration.copies.of_member",
    "members.handover.copies.of_member",
    "members.tags.copies.of_member",
    "members.behaviour.copies.of_member",
    "groups.chats.copies.of_member",
    "groups.pushes.copies.of_member",
    "bot.understanding.copies.of_member",
    "bot.replies.copies.of_member",
    "members.lifecycle.copies.of_member",
)

# lists of people that head office may ask for: name → members.privacy.exporting.Source
EXPORTS: Mapping[str, str] = {
    "audience": "members.audience.exporting.MEMBERS",
}

# what may keep a message from a member whom an audience means, in the order in which it is told
AUDIENCE_HURDLES: Sequence[str] = (
    "members.audience.hurdles.RESTRICTED",
    "members.audience.hurdles.MINOR",
    "members.audience.hurdles.CONSENT",
    "members.audience.hurdles.PROFILING",
    "members.audience.hurdles.CHANNEL",
)

# what each room moves when two members turn out to be one, lowest first (identity/merging.py)
MERGERS: Sequence[str] = (
    "members.identity.moving.MOVER",
    "members.consent.merging.MOVER",
    "members.privacy.merging.MOVER",
    "members.rewards.merging.MOVER",
    "members.imports.merging.MOVER",
    "members.registration.merging.MOVER",
    "members.handover.merging.MOVER",
    "members.tags.merging.MOVER",
    "members.lifecycle.merging.MOVER",
    "members.behaviour.merging.MOVER",
    "groups.chats.merging.MOVER",
    "groups.pushes.merging.MOVER",
)

__all__ = [
    "AUDIENCE_HURDLES",
    "COPIES",
    "ERASERS",
    "EXPORTS",
    "FIGURE_ARMS",
    "FIGURE_NAMES",
    "FIGURE_PARTS",
    "HANDOVER_PARTS",
    "HQ_PANELS",
    "JOBS",
    "MERGERS",
    "QUEUES",
    "REACTIONS",
    "SWEEPS",
    "TODAY_CARDS",
    "VETOES",
    "timedelta",
]
