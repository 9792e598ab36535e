"""What actions on tasks share: writing them, pulling one back, making one again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from groups.chats.models import Group
from groups.pushes import eligibility
from groups.pushes.models import (
    LIVE,
    Delivery,
    DeliveryState,
    Push,
    PushTask,
    StopReason,
    TaskState,
)
from groups.pushes.rules import RECIPIENTS_AT_ONCE, TASK_LIVES, due_and_expiry, without
from kit.actions import must_be_in_action
from kit.fields import shown_id
from kit.live import announce
from members.consent.models import Purpose
from members.consent.queries import reasons_not
from members.identity.models import Contact, Member
from stores.ledger.queries import numbers_of, present_numbers
from stores.org.models import Guide
from wecom.outbox.steps import cancel, put

Windows = Mapping[str, tuple[datetime, datetime]]

# A UUIDv7 made by the database: fifty thousand tasks need not travel to Python for their ids.
_UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
  placing substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
  FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""

_WRITE = f"""
INSERT INTO groups_pushtask (public_id, push_id, guide_id, variant_id, members, recipients, size,
  state, stopping_for, msgid, created_at, due_at, expires_at, looks, error)
SELECT {_UUID7}, %s, v.guide_id, v.variant_id, array_agg(v.member_id ORDER BY v.member_id),
  array_agg(v.external_userid ORDER BY v.member_id), count(*), 'waiting', '', '', %s, z.due,
  z.expiry, 0, ''
FROM verdict v
JOIN unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) AS z(zone, due, expiry)
  ON z.zone = v.time_zone
WHERE v.reason = ''
GROUP BY v.guide_id, v.variant_id, z.due, z.expiry
"""  # noqa: S608 - a constant of ours is put in


# Who is kept out is noted with the launch: later nobody could tell who had been meant.
_KEEP_OUT = """
, kept_out AS (
  INSERT INTO stores_arm (kind, source, member_no, store_no, treated, at)
  SELECT 'push', %s, v.member_id, g.store_id, false, %s
  FROM verdict v JOIN stores_guide g ON g.id = v.guide_id WHERE v.reason = 'holdout'
  ON CONFLICT DO NOTHING
)
"""


def once_of(task: PushTask) -> str:
    """The outbox key of a task: it is submitted once."""
    return f"push:{shown_id(task.public_id)}"


def write_tasks_to_members(push: Push, windows: Windows, *, at: datetime) -> int:
    """One task per guide and variant with the arrays of its recipients; how many. A step.

    One statement: rows never leave the database. The caller holds the lock on the push.
    """
    must_be_in_action()
    kept_out = _KEEP_OUT if push.holdout_percent else ""
    noted = [shown_id(push.public_id), at] if kept_out else []
    made = eligibility.verdicts(push, at=at).write(
        kept_out + _WRITE,
        *noted,
        push.pk,
        at,
        list(windows),
        [due for due, _ in windows.values()],
        [expiry for _, expiry in windows.values()],
    )
    return made + _split_too_large(push)


def write_tasks_to_groups(push: Push, windows: Windows) -> int:
    """One task per owner of groups, with their chat ids; how many. A step."""
    must_be_in_action()
    variant = eligibility.variant_for_groups(push)
    chats: dict[int, list[str]] = {}
    zones: dict[int, str] = {}
    for owner, zone, chat_id in (
        Group.objects.active()
        .filter(owner__left_on=None)
        .exclude(owner__wecom_userid=None)
        .order_by("pk")
        .values_list("owner_id", "store__time_zone", "chat_id")
    ):
        chats.setdefault(owner, []).append(chat_id)
        zones[owner] = zone
    tasks = [
        PushTask(
            push=push,
            guide_id=owner,
            variant_id=variant,
            recipients=ids,
            size=len(ids),
            due_at=windows[zones[owner]][0],
            expires_at=windows[zones[owner]][1],
        )
        for owner, ids in chats.items()
        if zones[owner] in windows
    ]
    PushTask.objects.bulk_create(tasks)
    return len(tasks)


def pull_back(task: PushTask, reason: StopReason) -> bool:
    """Begin to take a task back; False when its end is known or it is being taken back. A step.

    Not submitted yet: cancelled at once. In WeCom: cancelling is asked of WeCom, and only its
    answer ends the task, since the guide may confirm in the same moment. On its way to WeCom:
    marked, and cancelled as soon as WeCom has told its number. The caller holds the task's lock.
    """
    must_be_in_action()
    if task.stopping_for or task.state not in {
        TaskState.WAITING,
        TaskState.SUBMITTING,
        TaskState.OPEN,
        TaskState.UNKNOWN,
    }:
        return False
    task.stopping_for = reason
    unsent = task.state == TaskState.WAITING or (
        task.state == TaskState.SUBMITTING and cancel(once_of(task))
    )
    if unsent:
        end_task(task, TaskState.CANCELLED)
    else:
        task.save(update_fields=["stopping_for"])
        if task.state == TaskState.OPEN:
            ask_to_cancel(task)
    tell_guide(task)
    return True


def ask_to_cancel(task: PushTask) -> None:
    """Put the wish to cancel into the outbox, once per task. A step."""
    put(
        "mass_send_cancel",
        {"msgid": task.msgid},
        once=f"push-cancel:{shown_id(task.public_id)}",
        subject=f"pushtask:{shown_id(task.public_id)}",
        priority=2,
    )


def end_task(task: PushTask, state: TaskState, *, error: str = "") -> None:
    """Write a task's known end. A step; the caller holds its lock."""
    must_be_in_action()
    task.state, task.closed_at, task.next_look_at = state, timezone.now(), None
    task.error = error[:300]
    task.save(update_fields=["state", "closed_at", "next_look_at", "error", "stopping_for"])


def make_again(task: PushTask, *, at: datetime) -> PushTask | None:
    """A new task for those of an ended one who got nothing and may still get it, once. A step.

    Permission is asked again for everybody. None when nobody or no moment is left, or when HQ
    stopped the push or the guide has left; who lost her permission is noted as cancelled.
    """
    must_be_in_action()
    again = PushTask.objects.filter(made_again_from=task).first()
    if again is not None or task.stopping_for in {StopReason.STOPPED, StopReason.LEFT}:
        return again
    refused = refused_among(task, at=at)
    note_cancelled(task, refused, at=at)
    served = (
        Delivery.objects.filter(push=task.push_id, recipient__in=task.recipients)
        .exclude(state=DeliveryState.UNSENT)
        .values_list("recipient", flat=True)
    )
    window = _window_again(task, at=at)
    members, recipients = without(task.members, task.recipients, set(served))
    if not recipients or window is None:
        return None
    due, expiry = window
    fresh = PushTask.objects.create(
        push_id=task.push_id,
        guide_id=task.guide_id,
        variant_id=task.variant_id,
        members=members,
        recipients=recipients,
        size=len(recipients),
        made_again_from=task,
        due_at=due,
        expires_at=expiry,
    )
    tell_guide(fresh)
    return fresh


def drop_members(task: PushTask, members: Collection[int], *, at: datetime) -> None:
    """Take members out of a task that nobody outside knows of yet. A step; the task is locked."""
    must_be_in_action()
    gone = note_cancelled(task, members, at=at)
    task.members, task.recipients = without(task.members, task.recipients, gone)
    task.size = len(task.recipients)
    task.save(update_fields=["members", "recipients", "size"])
    if not task.recipients:
        end_task(task, TaskState.CANCELLED)


def tell_guide(task: PushTask) -> None:
    """Let her open screens ask again. A step."""
    announce(
        f"guide.{shown_id(task.guide.public_id)}", kind="task", subject=shown_id(task.public_id)
    )


def refused_among(task: PushTask, *, at: datetime) -> set[int]:
    """Members of a task who may not be written to now by her store's company, or have it already.

    Who was chosen by what she did has to agree to that still. Those who have it are persons found
    to be one since the launch: reached once, by the other number.
    """
    entity = Guide.objects.values_list("store__entity_id", flat=True).get(pk=task.guide_id)
    refused = set(
        reasons_not(task.members, eligibility.PURPOSE, eligibility.CHANNEL, at=at, entity=entity)
    )
    if eligibility.judges_people(task.push):
        refused |= set(reasons_not(task.members, Purpose.PROFILING, at=at, entity=entity))
    return refused | _reached_otherwise(task)


def _reached_otherwise(task: PushTask) -> set[int]:
    """Members whom the same push has reached, or is reaching, at another address of theirs."""
    numbers = numbers_of(task.members)
    person_of = {number: person for person, them in numbers.items() for number in them}
    delivered = (
        Delivery.objects.filter(push=task.push_id, member_no__in=person_of)
        .exclude(state__in=[DeliveryState.UNSENT, DeliveryState.CANCELLED])
        .exclude(recipient__in=task.recipients)
        .values_list("member_no", flat=True)
    )
    reached = {person_of[number] for number in delivered if number is not None}
    merged = [number for number, person in person_of.items() if number != person]
    if merged:
        sent = PushTask.objects.filter(
            push=task.push_id, state=TaskState.CONFIRMED, members__overlap=merged
        )
        held = {number for members in sent.values_list("members", flat=True) for number in members}
        reached |= {person_of[number] for number in held & set(merged)}
    return reached


def take_out(task: PushTask, member_no: int, *, at: datetime) -> bool:
    """Take a member who may not get it out of a live task; False when she may. A step.

    A waiting task loses her at once. What WeCom may have is pulled back, and made again without
    her when its end is known. The caller holds the task's lock.
    """
    if member_no not in refused_among(task, at=at):
        return False
    if task.state == TaskState.WAITING:
        drop_members(task, [member_no], at=at)
        tell_guide(task)
    elif pull_back(task, StopReason.WITHDRAWN) and task.closed_at is not None:
        make_again(task, at=at)
    return True


def spare_the_same(task: PushTask, *, at: datetime) -> None:
    """Whoever was reached by a number that means another member by now gets it once. A step.

    For a task whose guide was quicker than the merge; the caller holds its lock.
    """
    today = present_numbers(task.members)
    others = [person for number, person in today.items() if number != person]
    twice = (
        PushTask.objects.select_for_update(of=("self",))
        .select_related("guide__store", "push__material")
        .filter(push=task.push_id, state__in=LIVE, members__overlap=others)
        .exclude(pk=task.pk)
        .order_by("pk")
    )
    for other in twice if others else ():
        for person in sorted(set(others) & set(other.members)):
            take_out(other, person, at=at)


def note_cancelled(task: PushTask, members: Collection[int], *, at: datetime) -> set[str]:
    """Note that members of a task get nothing after all; their addresses. A step.

    Somebody whose delivery is known already keeps what is known.
    """
    must_be_in_action()
    gone = set(members)
    rows = [
        Delivery(
            push_id=task.push_id,
            task=task,
            member_no=member,
            recipient=recipient,
            state=DeliveryState.CANCELLED,
            at=at,
        )
        for member, recipient in zip(task.members, task.recipients, strict=False)
        if member in gone
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return {row.recipient for row in rows}


def _window_again(task: PushTask, *, at: datetime) -> tuple[datetime, datetime] | None:
    """The next moments outside quiet hours, within two days and while the material is valid."""
    until = max(task.push.planned_for, task.push.launched_at or at) + TASK_LIVES
    valid_until = task.push.material.valid_until
    if valid_until is not None:
        until = min(until, valid_until)
    wanted = max(at, task.due_at).astimezone(task.zone)
    return due_and_expiry(
        wanted=wanted, until=until.astimezone(task.zone), quiet=eligibility.quiet_hours()
    )


def _split_too_large(push: Push) -> int:
    """WeCom takes ten thousand customers a call: what is larger becomes several tasks."""
    more: list[PushTask] = []
    for task in PushTask.objects.filter(push=push, size__gt=RECIPIENTS_AT_ONCE):
        for start in range(RECIPIENTS_AT_ONCE, task.size, RECIPIENTS_AT_ONCE):
            part = slice(start, start + RECIPIENTS_AT_ONCE)
            more.append(
                PushTask(
                    push=push,
                    guide_id=task.guide_id,
                    variant_id=task.variant_id,
                    members=task.members[part],
                    recipients=task.recipients[part],
                    size=len(task.recipients[part]),
                    due_at=task.due_at,
                    expires_at=task.expires_at,
                )
            )
        task.members = task.members[:RECIPIENTS_AT_ONCE]
        task.recipients = task.recipients[:RECIPIENTS_AT_ONCE]
        task.size = RECIPIENTS_AT_ONCE
        task.save(update_fields=["members", "recipients", "size"])
    PushTask.objects.bulk_create(more)
    return len(more)


def forget_member(member: Member, at: datetime) -> None:
    """Deliveries and lists of recipients keep a number; WeCom's ids of her go. A step.

    A task that still runs was told to stop for her when she left; its place in the list is kept.
    """
    must_be_in_action()
    hers = list(Contact.objects.filter(member=member).values_list("external_userid", flat=True))
    deliveries = Delivery.objects.filter(Q(member_no=member.pk) | Q(recipient__in=hers))
    deliveries.exclude(recipient__startswith="erased:").update(
        recipient=Concat(Value("erased:"), Cast(F("pk"), CharField()))
    )
    tasks = PushTask.objects.filter(Q(members__contains=[member.pk]) | Q(recipients__overlap=hers))
    for person in hers:
        tasks.filter(recipients__contains=[person]).update(
            recipients=Func(F("recipients"), Value(person), Value(""), function="array_replace")
        )
