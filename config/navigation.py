"""The side bar of HQ's screens: floors as people speak of them, not Django's applications.

A model that nobody sorted in stands in the last group, so that no screen is ever lost.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

_FLOORS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "会员",
        (
            ("members.member", "person"),
            ("members.contact", "contacts"),
            ("members.suggestion", "person_search"),
            ("members.mergesuggestion", "join_inner"),
            ("members.merge", "merge"),
            ("members.audience", "groups_2"),
            ("members.audiencecheck", "rule"),
            ("members.memberimport", "upload_file"),
            ("members.tag", "sell"),
            ("members.taggroup", "label"),
            ("members.mapday", "map"),
            ("members.behaviourcount", "touch_app"),
            ("members.channelcode", "qr_code_2"),
            ("members.rostercode", "qr_code_scanner"),
            ("members.rosterchoice", "alt_route"),
            ("members.printbatch", "print"),
            ("members.channelcost", "payments"),
            ("members.notice", "policy"),
            ("members.consentevent", "history_edu"),
            ("members.consentstate", "fact_check"),
            ("members.identity", "fingerprint"),
            ("members.registration", "how_to_reg"),
            ("members.onetimecode", "password"),
            ("members.coderequest", "sms"),
            ("members.phonechange", "smartphone"),
            ("members.codealarm", "sms_failed"),
            ("members.codebudget", "speed"),
            ("members.textreply", "reply"),
            ("members.memberstage", "timeline"),
            ("members.stagerule", "tune"),
            ("members.play", "play_circle"),
            ("members.todaypick", "today"),
            ("members.assignmentplan", "assignment_ind"),
            ("members.lifecyclerun", "update"),
            ("members.yardstick", "straighten"),
            ("members.couponkind", "local_activity"),
            ("members.coupon", "redeem"),
            ("members.couponuse", "point_of_sale"),
            ("members.pointsaccount", "stars"),
            ("members.pointsentry", "receipt_long"),
            ("members.pointsadjustment", "exposure"),
            ("members.pointsrule", "rule"),
            ("members.tierstanding", "military_tech"),
            ("members.tierrule", "stairs"),
            ("members.outsidemaster", "cable"),
            ("members.outsidedifference", "difference"),
            ("members.outsidebalance", "account_balance"),
            ("members.pointsproposal", "upload"),
        ),
    ),
    (
        "个人信息保护",
        (
            ("members.subjectrequest", "assignment_ind"),
            ("members.incident", "crisis_alert"),
            ("members.impactassessment", "approval"),
            ("members.recipient", "outbound"),
            ("members.disclosure", "ios_share"),
            ("members.dataexport", "download"),
            ("members.accesslog", "visibility"),
            ("members.erasure", "person_remove"),
            ("members.inactivitywarning", "timer"),
            ("members.retentionreport", "auto_delete"),
            ("members.headcount", "groups"),
        ),
    ),
    (
        "客户群与内容",
        (
            ("groups.push", "campaign"),
            ("groups.pushtask", "task_alt"),
            ("groups.delivery", "mark_email_read"),
            ("groups.material", "photo_library"),
            ("groups.group", "forum"),
            ("groups.groupmember", "group"),
            ("groups.trackedlink", "link"),
        ),
    ),
    (
        "小助手",
        (
            ("bot.article", "menu_book"),
            ("bot.escalation", "support_agent"),
            ("bot.draft", "edit_note"),
            ("bot.heardmessage", "hearing"),
            ("bot.kfaccount", "headset_mic"),
            ("bot.channelcursor", "bookmark"),
        ),
    ),
    (
        "门店与人",
        (
            ("stores.store", "storefront"),
            ("stores.guide", "badge"),
            ("stores.shift", "calendar_month"),
            ("stores.handover", "swap_horiz"),
            ("members.customertransfer", "move_up"),
            ("groups.grouptransfer", "move_group"),
            ("stores.region", "map"),
            ("stores.legalentity", "gavel"),
            ("stores.product", "checkroom"),
            ("stores.stock", "inventory_2"),
        ),
    ),
    (
        "业绩",
        (
            ("stores.storeday", "monitoring"),
            ("stores.arm", "science"),
            ("stores.purchaseline", "receipt_long"),
            ("stores.receiptmember", "receipt"),
            ("stores.credit", "workspace_premium"),
            ("stores.dispute", "balance"),
            ("stores.purchaseimport", "upload_file"),
            ("stores.creditrule", "rule"),
            ("stores.target", "flag"),
            ("stores.commissionplan", "percent"),
            ("stores.settlement", "lock_clock"),
            ("stores.commission", "payments"),
            ("stores.touch", "touch_app"),
            ("stores.figureproof", "fact_check"),
            ("stores.ownership", "handshake"),
        ),
    ),
    (
        "企业微信",
        (
            ("wecom.health", "monitor_heart"),
            ("wecom.inboxmessage", "inbox"),
            ("wecom.outboxrow", "outbox"),
            ("wecom.sweep", "sync"),
            ("wecom.difference", "difference"),
            ("wecom.staff", "badge"),
            ("wecom.department", "account_tree"),
            ("wecom.corptag", "sell"),
            ("wecom.corptaggroup", "label"),
            ("wecom.corpcontactway", "qr_code"),
            ("wecom.acquisitionlink", "add_link"),
            ("wecom.acquisitioncustomer", "person_add"),
            ("wecom.acquisitionbalance", "account_balance_wallet"),
            ("wecom.corpmoment", "camera"),
            ("wecom.momentpublication", "published_with_changes"),
            ("wecom.archiveconsent", "verified_user"),
            ("wecom.keywordhit", "flag"),
            ("kit.domainevent", "bolt"),
            ("kit.handling", "pending_actions"),
            ("kit.jobslot", "schedule"),
        ),
    ),
    (
        "系统",
        (
            ("stores.account", "manage_accounts"),
            ("auth.group", "shield_person"),
            ("stores.machinekey", "key"),
            ("admin.logentry", "history"),
            ("axes.accessattempt", "lock_person"),
        ),
    ),
)


def floors(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of screens that the account may open, each with its Chinese name."""
    open_to_her = {
        model._meta.label_lower: model
        for model, screen in admin.site._registry.items()
        if screen.has_view_permission(request)
    }
    groups: list[dict[str, Any]] = [
        {"items": [{"title": "今天", "icon": "home", "link": reverse("admin:index")}]}
    ]
    for title, entries in _FLOORS:
        items = [
            _item(open_to_her.pop(label), icon) for label, icon in entries if label in open_to_her
        ]
        groups.append({"title": title, "collapsible": True, "items": items})
    rest = [_item(model, "table") for _, model in sorted(open_to_her.items())]
    groups.append({"title": "其他", "collapsible": True, "items": rest})
    return [group for group in groups if group["items"]]


# Libraries' models under our own words.
_TITLES = {
    "admin.logentry": "操作记录",
    "auth.group": "角色",
    "axes.accessattempt": "登录失败与锁定",
}


def _item(model: type[Model], icon: str) -> dict[str, Any]:
    address = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return {
        "title": _TITLES.get(model._meta.label_lower, str(model._meta.verbose_name_plural)),
        "icon": icon,
        "link": reverse(address),
    }
