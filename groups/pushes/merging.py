"""What this room moves when two members are one: deliveries, and her place in live tasks."""

from __future__ import annotations

from groups.pushes.models import LIVE, Delivery, PushTask
from members.identity.merging import Moved, Mover, Pair, give_rows_back, move_rows


def _move(pair: Pair) -> Moved:
    return {
        "deliveries": move_rows(Delivery, "member_no", pair),
        "tasks": _rename(pair.gone.pk, pair.kept.pk, _live_of(pair.gone.pk)),
    }


def _part(pair: Pair, moved: Moved) -> list[str]:
    give_rows_back(Delivery, "member_no", moved["deliveries"], pair)
    _rename(pair.kept.pk, pair.gone.pk, moved["tasks"])
    return []


def _live_of(member_no: int) -> list[int]:
    tasks = PushTask.objects.filter(state__in=LIVE, members__contains=[member_no])
    return list(tasks.order_by("pk").values_list("pk", flat=True))


def _rename(old: int, new: int, keys: list[int]) -> list[int]:
    """Her place in these tasks under the other number; keys of the tasks where that was possible.

    Where the push knows both, the old number stays: it is no member's any more, so it falls out
    when the task is asked about (`inbound.members_merged`), and she is written to once.
    """
    renamed = []
    for task in PushTask.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"):
        twice = PushTask.objects.filter(push=task.push_id, members__contains=[new])
        told = Delivery.objects.filter(push=task.push_id, member_no=new)
        if old not in task.members or twice.exists() or told.exists():
            continue
        task.members = [new if number == old else number for number in task.members]
        task.save(update_fields=["members"])
        renamed.append(task.pk)
    return renamed


MOVER = Mover(frozenset({Delivery._meta.label, PushTask._meta.label}), _move, _part)
