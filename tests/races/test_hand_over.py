"""Two managers decide about the same hand-over in the same moment: it is decided once."""

from __future__ import annotations

import pytest

from kit.events import DomainEvent
from members.handover.actions import plan_transfers
from members.handover.models import CustomerTransfer
from stores.org.handing_over import begin_hand_over, decide_hand_over
from stores.org.models import HandOver
from tests.cast import make_cast
from tests.members.builders import TESTER
from tests.members.handover.builders import a_friend, a_hand_over
from tests.races.together import all_at_once
from wecom.outbox.models import OutboxRow


@pytest.mark.django_db(transaction=True)
def test_two_deciders_and_two_workers() -> None:
    cast = make_cast()
    a_friend(cast.lin, 1, member=cast.chen)
    handover = a_hand_over(cast.lin, cast.zhou)

    def decide() -> bool:
        return decide_hand_over(handover.pk, version=handover.version, by=TESTER)

    assert sorted(map(str, all_at_once([decide] * 4))) == ["False", "False", "False", "True"]
    assert DomainEvent.objects.filter(kind="handover_decided").count() == 1
    begin_hand_over(handover.pk, has_resigned=False, by=TESTER)
    planned = all_at_once([lambda: plan_transfers(handover.pk, by=TESTER)] * 4)
    assert sorted(map(str, planned)) == ["0", "0", "0", "1"]
    assert CustomerTransfer.objects.count() == 1
    assert OutboxRow.objects.filter(kind="customer_transfer").count() == 1
    assert HandOver.objects.get().planned_parts == ["customers"]
