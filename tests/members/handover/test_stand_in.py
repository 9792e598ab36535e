"""While Lin is on leave Zhou sees her members and answers for her; then no more."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kit.actions import scope_of
from members.handover.models import CustomerTransfer
from members.identity.models import Contact, Friendship, Member
from stores.ledger.models import Touch, TouchKind
from stores.org.access import actor_of_guide
from stores.org.handing_over import stop_hand_over
from stores.org.models import Guide, HandOver, HandOverReason
from tests.cast import Cast
from tests.members.builders import TESTER
from tests.members.handover.builders import a_friend, a_hand_over, decided
from wecom.outbox.models import OutboxRow


def sees(guide: Guide) -> tuple[int, int, int, int]:
    """How many members, friendships, contacts and touches exist for her."""
    actor = actor_of_guide(Guide.objects.select_related("account", "store").get(pk=guide.pk))
    with scope_of(actor):
        return (
            Member.objects.count(),
            Friendship.objects.count(),
            Contact.objects.count(),
            Touch.objects.count(),
        )


def on_leave(cast: Cast) -> HandOver:
    a_friend(cast.lin, 1, member=cast.chen)
    Touch.objects.create(
        kind=TouchKind.SCAN,
        member_no=cast.chen.pk,
        guide_no=cast.lin.pk,
        store_no=cast.guomao.pk,
        at=timezone.now(),
    )
    back = timezone.now() + timedelta(days=7)
    return a_hand_over(cast.lin, cast.zhou, reason=HandOverReason.LEAVE, ends_at=back)


def test_a_stand_in_sees_until_she_is_back(cast: Cast) -> None:
    handover = on_leave(cast)
    assert sees(cast.zhou) == (0, 0, 0, 0)
    decided(handover)
    assert sees(cast.zhou) == (1, 1, 1, 1)
    assert sees(cast.ma) == (0, 0, 0, 0)
    assert stop_hand_over(handover.pk, by=TESTER)
    assert sees(cast.zhou) == (0, 0, 0, 0)


def test_her_time_ends_by_itself(cast: Cast) -> None:
    handover = decided(on_leave(cast))
    HandOver.objects.filter(pk=handover.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert sees(cast.zhou) == (0, 0, 0, 0)


def test_nothing_moves_at_wecom_nor_here(cast: Cast) -> None:
    decided(on_leave(cast))
    cast.chen.refresh_from_db()
    assert cast.chen.owner == cast.lin
    assert CustomerTransfer.objects.count() == 0
    assert OutboxRow.objects.count() == 0


def test_her_screens_say_for_whom(cast: Cast) -> None:
    decided(on_leave(cast))
    client = Client()
    client.force_login(cast.zhou.account, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("tablet-members")).content.decode()
    assert "陈静" in page
    assert "替林晓" in page
    assert "你在替林晓" in client.get(reverse("tablet-today")).content.decode()
    assert client.get(reverse("tablet-member", args=[cast.chen.public_id])).status_code == 200
