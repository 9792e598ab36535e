"""Which member a till means. The purchases API asks through `settings.MEMBER_RESOLVER`."""

from __future__ import annotations

from members.identity.models import IdentityKind, MemberState
from members.identity.queries import member_by_card, member_by_identity
from stores.ledger.queries import present_numbers
from stores.org.models import LegalEntity

# In the order in which they are believed.
_KINDS = {
    "card": None,
    "phone": IdentityKind.PHONE,
    "external_userid": IdentityKind.EXTERNAL_USERID,
    "marketplace": IdentityKind.MARKETPLACE,
}


def member_no_of(claim: dict[str, str], *, entity_id: int) -> int | None:
    """The number of the member behind a claim of one of these kinds, or None.

    Only within the legal entity that asks; a merged number answers with the one it became. Who
    has left keeps her receipts, who was erased is nobody.
    """
    entity = LegalEntity.objects.get(pk=entity_id)
    for word, kind in _KINDS.items():
        value = claim.get(word, "")
        if not value:
            continue
        member = member_by_identity(kind, value, entity) if kind else member_by_card(value)
        if member is None or member.entity_id != entity_id:
            continue
        if member.state in {MemberState.ACTIVE, MemberState.LEFT}:
            return present_numbers([member.pk])[member.pk]
    return None
