"""Facts with a source, and the house at rest: reactions done, nothing waiting to be counted."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from kit.actions import action
from kit.actor import Actor
from stores.figures.keeping import keep_all
from stores.figures.models import FigureMark
from stores.ledger.models import TouchKind
from stores.ledger.steps import record_touch
from stores.org.models import Guide
from tests.stores.conversions.builders import TEST, let_the_house_react


def settle() -> None:
    """The house reacts, and the keeper counts what waits."""
    let_the_house_react()
    keep_all(timezone.now())
    assert not FigureMark.objects.exists()


def from_code(guide: Guide, member_no: int, at: datetime, source: str, kind: str) -> bool:
    @action
    def tell(*, by: Actor) -> bool:
        return record_touch(
            TouchKind(kind),
            once=f"{kind}:{member_no}:{source}:{at.isoformat()}",
            at=at,
            member_no=member_no,
            guide_no=guide.pk,
            store_no=guide.store_id,
            source=source,
        )

    return tell(by=TEST)
