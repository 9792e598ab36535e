"""Which member a till means. The purchases API asks through `settings.MEMBER_RESOLVER`."""

from __future__ import annotations

from members.identity.models import IdentityKind, MemberState
from members.identity.queries import member_by_card, member_by_identity
from stores.ledger.models import MergedMember
from stores.org.models import LegalEntity

# In the order in which they are believed.
_KINDS = {
    "card": None,
    "phone": IdentityKind.PHONE,
    "external_userid": IdentityKind.EXTERNAL_USERID,
}
_LONGEST_CHAIN = 10


def member_no_of(claim: dict[str, str], *, entity_id: int) -> int | None:
    """The number of the member behind `{"card"|"phone"|"external_userid": …}`, or None.

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
            return _as_merged(member.pk)
    return None


def _as_merged(number: int) -> int:
    for _ in range(_LONGEST_CHAIN):
        into = (
            MergedMember.objects.filter(member_no=number, undone_at=None)
            .values_list("into_no", flat=True)
            .first()
        )
        if into is None:
            return number
        number = into
    return number
