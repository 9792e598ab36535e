"""Asked by the clock: guides are asked about friends whom they had before."""

from __future__ import annotations

from kit.actions import scope_of
from kit.actor import Actor
from members.identity.actions import suggest_member
from members.registration.old_friends import guides_with_unknown_friends, matches_of
from stores.org.models import Guide


def ask_about_old_friends(*, by: Actor) -> int:
    """Suggest what is found, guide by guide, each pair once for ever; how many were asked anew."""
    asked = 0
    with scope_of(by):
        guides = guides_with_unknown_friends()
    for guide_id in guides:
        with scope_of(by):
            guide = Guide.objects.select_related("store__entity").get(pk=guide_id)
            found = matches_of(guide)
        for match in found:
            made = suggest_member(
                match.contact, match.member, guide_id, evidence=list(match.evidence), by=by
            )
            asked += made is not None
    return asked
