"""WeCom says that something of the directory changed: look at that one subject, then compare."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from kit.actor import Actor
from kit.events import DomainEvent
from wecom.directory import mirror
from wecom.directory.portions import (
    ContactSeen,
    DepartmentList,
    Facts,
    Portion,
    StaffOf,
    TagsSeen,
    reconcilers_of,
)
from wecom.gateway import ContactUnknown, NotFriends, gateway_of
from wecom.gateway.errors import Gone, GuideNotUsable


def member_changed(event: DomainEvent) -> None:
    """A member came, changed, left, or got another id: he is read again."""
    userid = str(event.payload.get("userid") or "")
    renamed = str(event.payload.get("new_userid") or "")
    if renamed and renamed != userid:
        mirror.rename_staff(userid, renamed, by=Actor.system(event.kind))
        userid = renamed
    if not userid:
        return
    asked_at = timezone.now()
    try:
        facts = StaffOf((gateway_of(app_of(event)).staff(userid),))
    except GuideNotUsable:
        facts = StaffOf((), absent=(userid,))
    compare("staff", f"staff:{userid}", facts, asked_at)


def department_changed(event: DomainEvent) -> None:
    """A department came, changed or went: the list is one call, whichever it was."""
    asked_at = timezone.now()
    facts = DepartmentList(tuple(gateway_of(app_of(event)).departments()))
    compare("staff", "departments", facts, asked_at)


def tag_changed(event: DomainEvent) -> None:
    """A corp tag or a group of them changed; without an id all of them were put in order."""
    key = str(event.payload.get("id") or "")
    is_group = event.payload.get("tag_type") == "tag_group"
    gateway, asked_at = gateway_of(app_of(event)), timezone.now()
    try:
        if not key:
            facts = TagsSeen(tuple(gateway.tag_groups()), is_all=True)
        elif is_group or event.kind.endswith(".shuffle"):
            facts = TagsSeen(tuple(gateway.tag_groups(group_ids=[key])), is_all=False)
        else:
            facts = TagsSeen(tuple(gateway.tag_groups(tag_ids=[key])), is_all=False)
    except Gone:
        facts = TagsSeen((), is_all=False, absent=(key,))
    if key and not facts.groups:
        facts = TagsSeen((), is_all=False, absent=(key,))
    compare("tags", "tags", facts, asked_at)


def contact_in_doubt(event: DomainEvent) -> None:
    """A transfer came to nothing: whose friend she is stands on her card."""
    key = str(event.payload.get("external_userid") or "")
    if not key:
        return
    asked_at = timezone.now()
    try:
        seen = ContactSeen(key, gateway_of(app_of(event)).contact(key))
    except (ContactUnknown, NotFriends):
        seen = ContactSeen(key, None)
    compare("contacts", f"contact:{key}", seen, asked_at)


def compare(kind: str, subject: str, facts: Facts, asked_at: datetime) -> None:
    """Let everybody who compares this kind compare what a callback led to."""
    now = timezone.now()
    portion = Portion(kind, subject, facts, asked_at, since=now, is_full=False)
    for _, reconcile in reconcilers_of(kind):
        reconcile(portion)


def app_of(event: DomainEvent) -> str:
    """The application that was told."""
    return str(event.payload.get("app") or "main")
