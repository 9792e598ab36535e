"""Guides against WeCom's members: whoever stands on one side only is shown to HQ, never made."""

from __future__ import annotations

from typing import Final

from django.db.models.functions import Lower

from kit.actions import scope_of
from kit.actor import Actor
from stores.org.models import Guide
from wecom.directory.models import Staff
from wecom.directory.portions import Found, Outcome, Portion, Rest

US: Final = Actor.system("compares guides with WeCom")
_SHOWN: Final = 500


def compare_guides(portion: Portion) -> Outcome:
    """The comparer of guides: speaks when the mirror of WeCom's members is complete."""
    if not isinstance(portion.facts, Rest) or not portion.is_full:
        return Outcome()
    with scope_of(US):
        present = Staff.objects.present()
        guides = Guide.objects.working().exclude(wecom_userid=None)
        known = guides.annotate(key=Lower("wecom_userid")).values("key")
        absent = list(guides.exclude(wecom_userid__in=present.values("userid"))[:_SHOWN])
        strangers = list(
            present.filter(serves_contacts=True)
            .exclude(userid__in=known)
            .order_by("userid")[:_SHOWN]
        )
        compared = guides.count()
    left = [
        Found(f"staff:{guide.wecom_userid}", "导购没有对应的企微成员", f"工号 {guide.employee_no}")
        for guide in absent
    ]
    left += [
        Found(f"staff:{row.userid}", "企微成员没有导购账号", row.position) for row in strangers
    ]
    return Outcome(compared, left=left)
