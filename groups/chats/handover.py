"""Groups of a guide who leaves or moves get another owner; WeCom's list says when it is true."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.http import Http404
from django.utils import timezone

from groups.chats.models import Group, GroupMember, GroupTransfer, GroupTransferState
from groups.chats.rules import (
    GROUPS_AT_ONCE,
    GROUPS_PER_DAY,
    LOOK_AGAIN,
    MOST_WITHIN,
    PATIENCE,
    TWICE_WITHIN,
    share_groups,
    words_of_code,
)
from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from kit.live import announce
from stores.org.access import answers_for
from stores.org.errors import WrongSuccessor
from stores.org.handing_over import locked_hand_over, note_planned, subject_of
from stores.org.models import Guide, HandOver, HandOverReason, HandOverState
from stores.org.queries import successors_for
from wecom.outbox import steps as outbox
from wecom.outbox.queries import open_wishes

PART = "groups"
LIMIT = "90 天内已换过 2 次群主"
OPEN = (GroupTransferState.ASKED, GroupTransferState.WAITING)


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """Which group goes to whom, and which cannot go and why; by the group's number."""

    groups: dict[int, Group]
    given: dict[int, int]
    kept: dict[int, str] = field(default_factory=dict)


def plan_of(handover: HandOver, *, at: datetime) -> GroupPlan:
    """The plan as it stands. Of a guide who moves only the store's groups get another owner.

    Four queries, whatever the number of groups.
    """
    found = Group.objects.active().filter(owner=handover.guide_id).order_by("pk")
    if handover.reason == HandOverReason.MOVED:
        found = found.filter(store=handover.store_id)
    groups = {group.pk: group for group in found}
    kept = {} if handover.has_resigned else _moved_twice(groups, at)
    moving = [pk for pk in groups if pk not in kept]
    shares = {share.successor_id: share.parts for share in handover.shares.all()}
    inside = _successors_inside(moving, [share.successor for share in handover.shares.all()])
    given = share_groups(moving, shares, inside) if shares else {}
    return GroupPlan(groups, given, kept)


@action
def plan_group_transfers(handover_id: int, *, by: Actor) -> int:
    """Write down which group gets which owner, and wish for it at WeCom; how many rows. Once.

    WeCom takes three hundred groups of one person a day: the others wait for the days after.
    """
    handover = locked_hand_over(handover_id)
    if handover.state != HandOverState.DECIDED or not note_planned(handover, PART):
        return 0
    if handover.is_leave or not handover.guide.wecom_userid:
        return 0
    now = timezone.now()
    plan = plan_of(handover, at=now)
    rows = [
        GroupTransfer(
            hand_over=handover,
            store_id=handover.store_id,
            group=group,
            from_guide=handover.guide,
            to_guide_id=plan.given.get(pk),
            state=GroupTransferState.ASKED if pk in plan.given else GroupTransferState.KEPT,
            because=plan.kept.get(pk, ""),
            ended_at=None if pk in plan.given else now,
        )
        for pk, group in plan.groups.items()
    ]
    _put_in_batches(handover, [row for row in rows if row.to_guide_id], at=now)
    GroupTransfer.objects.bulk_create(rows, batch_size=1000)
    _tell(handover)
    return len(rows)


@action
def note_group_answer(once: str, refused: Mapping[str, int], *, by: Actor) -> int:
    """WeCom took a call, but for the groups it names; their lists are read soon. Again: 0."""
    now = timezone.now()
    rows = _asked(once)
    for row in rows:
        code = refused.get(row.group.chat_id)
        if code is None:
            row.state, row.next_look_at = GroupTransferState.WAITING, now
            continue
        row.state, row.code, row.ended_at = GroupTransferState.FAILED, int(code), now
        row.because, row.next_look_at = words_of_code(int(code)), None
    GroupTransfer.objects.bulk_update(
        rows, ["state", "next_look_at", "code", "because", "ended_at"], batch_size=1000
    )
    if rows:
        _tell(rows[0].hand_over)
    return len(rows)


@action
def note_group_refusal(once: str, *, error: str, code: int | None, by: Actor) -> int:
    """The whole call was refused, or came too late."""
    rows = _asked(once)
    GroupTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=GroupTransferState.FAILED,
        because=error[:60],
        code=code,
        ended_at=timezone.now(),
        next_look_at=None,
    )
    if rows:
        _tell(rows[0].hand_over)
    return len(rows)


@action
def look_at_groups(*, by: Actor, limit: int = 200) -> int:
    """Have the lists read of groups that should have another owner by now; how many.

    Whoever owns it according to a list read since is believed (`settle_owner`). A group whose list
    names the old owner a day after the call has ended was not given away.
    """
    now = timezone.now()
    _give_up_waiting(now)
    rows = list(
        GroupTransfer.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("group")
        .filter(state__in=OPEN, next_look_at__lte=now)
        .order_by("next_look_at")[:limit]
    )
    slot = now.strftime("%Y%m%d%H%M%S")
    for row in rows:
        chat_id = row.group.chat_id
        emit(
            "group_transfer_due",
            subject=f"group:{chat_id}",
            once=f"group_transfer_due:{slot}:{chat_id}",
            chat_id=chat_id,
        )
    GroupTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(
        next_look_at=now + LOOK_AGAIN
    )
    return len(rows)


def _give_up_waiting(now: datetime) -> None:
    """What WeCom took, or may have taken, and did not do within a day: a person says what then."""
    rows = GroupTransfer.objects.filter(state__in=OPEN, due_at__lte=now - PATIENCE)
    late = dict(rows.order_by("pk").values_list("pk", "batch")[:1000])
    standing = open_wishes(late.values())
    GroupTransfer.objects.filter(
        pk__in=[pk for pk, batch in late.items() if batch not in standing], state__in=OPEN
    ).update(
        state=GroupTransferState.FAILED,
        because="一天后企业微信里仍是原群主",
        ended_at=now,
        next_look_at=None,
    )


def settle_owner(group: Group, *, at: datetime) -> None:
    """WeCom's list was read: a transfer to the owner it names is done. A step.

    Where it names a third one long after WeCom took the call, nobody waits any more: somebody gave
    the group away meanwhile, and it is his who has it. The caller holds the group's lock.
    """
    open_ones = GroupTransfer.objects.filter(group=group, state__in=OPEN)
    open_ones.filter(to_guide=group.owner_id).update(
        state=GroupTransferState.DONE, ended_at=at, next_look_at=None
    )
    open_ones.filter(state=GroupTransferState.WAITING, due_at__lte=at - LOOK_AGAIN).exclude(
        from_guide=group.owner_id
    ).update(
        state=GroupTransferState.KEPT, because="群主换成了别人", ended_at=at, next_look_at=None
    )


def end_transfers(group: Group, *, at: datetime, because: str) -> None:
    """Nobody here gets the group any more, and nobody has to say what then. A step."""
    GroupTransfer.objects.filter(group=group, state__in=OPEN).update(
        state=GroupTransferState.KEPT, because=because, ended_at=at, next_look_at=None
    )


@action
def look_for_group_batch(once: str, *, by: Actor) -> int:
    """Nobody knows what became of a call: the groups' own lists tell. How many are to be read."""
    rows = GroupTransfer.objects.filter(batch=once, state=GroupTransferState.ASKED)
    return rows.update(next_look_at=timezone.now())


@action
def stop_group_transfers(handover_id: int, *, by: Actor) -> int:
    """What WeCom has not heard of is not asked any more; how many groups stay."""
    handover = locked_hand_over(handover_id)
    rows = GroupTransfer.objects.filter(hand_over=handover, state=GroupTransferState.ASKED)
    batches = rows.order_by("batch").values_list("batch", flat=True).distinct()
    taken_back = [once for once in batches if outbox.cancel(once)]
    stopped = rows.filter(batch__in=taken_back).update(
        state=GroupTransferState.KEPT, because="停止时还没提交", ended_at=timezone.now()
    )
    _tell(handover)
    return stopped


@action
def ask_again_for_groups(
    handover_id: int, transfer_ids: Collection[int] | None, *, to_guide_id: int, by: Actor
) -> int:
    """Groups that WeCom refused get another successor; how many. Without ids all of them.

    Raises WrongSuccessor; Http404 for who does not answer for the store.
    """
    handover = _hers(handover_id, by)
    successor = successors_for(handover, by.scope).filter(pk=to_guide_id).first()
    if successor is None:
        raise WrongSuccessor
    rows = _open_questions(handover, transfer_ids)
    GroupTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(is_settled=True)
    again = [
        GroupTransfer(
            hand_over=handover,
            store_id=handover.store_id,
            group=row.group,
            from_guide_id=row.from_guide_id,
            to_guide=successor,
        )
        for row in rows
    ]
    _put_in_batches(handover, again, at=timezone.now())
    GroupTransfer.objects.bulk_create(again)
    _tell(handover)
    return len(again)


@action
def leave_groups(handover_id: int, transfer_ids: Collection[int] | None, *, by: Actor) -> int:
    """Nothing more is tried for groups that WeCom refused. How many."""
    handover = _hers(handover_id, by)
    rows = _open_questions(handover, transfer_ids)
    _tell(handover)
    return GroupTransfer.objects.filter(pk__in=[row.pk for row in rows]).update(
        is_settled=True, state=GroupTransferState.KEPT
    )


# ---------------------------------------------------------------- shared


def _put_in_batches(handover: HandOver, rows: Sequence[GroupTransfer], *, at: datetime) -> None:
    """A hundred groups to a call, three hundred of one person to a day."""
    by_guide: dict[int, list[GroupTransfer]] = defaultdict(list)
    for row in rows:
        by_guide[row.to_guide_id or 0].append(row)
    successors = Guide.objects.in_bulk(list(by_guide))
    calls = [
        (guide, those[start : start + GROUPS_AT_ONCE])
        for guide, those in by_guide.items()
        for start in range(0, len(those), GROUPS_AT_ONCE)
    ]
    spent = 0
    for guide, part in calls:
        # A call that would only half fit waits for the next day as a whole.
        room = GROUPS_PER_DAY - spent % GROUPS_PER_DAY
        spent += room if len(part) > room else 0
        due = at + timedelta(days=spent // GROUPS_PER_DAY)
        spent += len(part)
        once = f"group-transfer:{shown_id(part[0].public_id)}"
        for row in part:
            row.batch, row.due_at, row.next_look_at = once, due, due + LOOK_AGAIN
        outbox.put(
            "group_transfer",
            {
                "chat_ids": [row.group.chat_id for row in part],
                "new_owner": successors[guide].wecom_userid,
                "has_resigned": bool(handover.has_resigned),
            },
            once=once,
            subject=subject_of(handover),
            due_at=due,
        )


def _moved_twice(groups: Iterable[int], at: datetime) -> dict[int, str]:
    done = GroupTransfer.objects.filter(
        group__in=list(groups), state=GroupTransferState.DONE, ended_at__gt=at - TWICE_WITHIN
    ).values_list("group_id", flat=True)
    return {pk: LIMIT for pk, times in Counter(done).items() if times >= MOST_WITHIN}


def _successors_inside(groups: Iterable[int], successors: Sequence[Guide]) -> dict[int, set[int]]:
    """Which of the successors sit in which group already: nobody is surprised by them."""
    by_userid = {guide.wecom_userid: guide.pk for guide in successors}
    stays = GroupMember.objects.filter(
        group__in=list(groups), left_at=None, is_staff=True, person_id__in=list(by_userid)
    ).values_list("group_id", "person_id")
    found: dict[int, set[int]] = defaultdict(set)
    for group, person in stays:
        found[group].add(by_userid[person])
    return found


def _asked(once: str) -> list[GroupTransfer]:
    return list(
        GroupTransfer.objects.select_for_update(of=("self",))
        .select_related("group", "hand_over__store")
        .filter(batch=once, state=GroupTransferState.ASKED)
        .order_by("pk")
    )


def _open_questions(
    handover: HandOver, transfer_ids: Collection[int] | None
) -> list[GroupTransfer]:
    found = (
        GroupTransfer.objects.select_for_update(of=("self",))
        .select_related("group")
        .filter(hand_over=handover, state=GroupTransferState.FAILED, is_settled=False)
        .order_by("pk")
    )
    return list(found if transfer_ids is None else found.filter(pk__in=transfer_ids))


def _hers(handover_id: int, by: Actor) -> HandOver:
    handover = locked_hand_over(handover_id)
    if not answers_for(by.scope, handover.store_id):
        raise Http404
    return handover


def _tell(handover: HandOver) -> None:
    announce(
        f"store.{shown_id(handover.store.public_id)}",
        kind="handover",
        subject=shown_id(handover.public_id),
    )
