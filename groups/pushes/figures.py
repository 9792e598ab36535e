"""What pushes add to the figures: how many tasks guides confirmed, how soon, and pushes' names."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, F, FloatField, Func, Q

from groups.pushes.models import Push, PushTask, TaskState
from kit.fields import read_id, shown_id
from stores.figures.lifting import Meant
from stores.figures.parts import Named, Part


class _Median(Func):
    """The middle of seconds between two moments; rows without the second do not count."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM (%(expressions)s)))"
    output_field = FloatField()
    contains_aggregate = True


def parts(stores: Collection[int] | None, since: datetime, until: datetime) -> list[Part]:
    """Of the tasks of pushes launched in the time: the share confirmed, and the usual wait."""
    tasks = PushTask.objects.filter(
        push__launched_at__gte=since, push__launched_at__lt=until, opened_at__isnull=False
    )
    if stores is not None:
        tasks = tasks.filter(guide__store__in=stores)
    said = tasks.order_by().aggregate(
        asked=Count("pk"),
        confirmed=Count("pk", filter=Q(state=TaskState.CONFIRMED)),
        wait=_Median(F("confirmed_at") - F("opened_at")),
    )
    if not said["asked"]:
        return [Part("群发确认率", "—", "这段时间没有请导购确认过群发")]
    share = 100 * said["confirmed"] / said["asked"]
    why = f"请导购确认 {said['asked']} 次，确认了 {said['confirmed']} 次"
    if said["wait"] is not None:
        why += f"，一半在 {max(1, round(said['wait'] / 60))} 分钟内"
    return [Part("群发确认率", f"{share:.0f}%", why, share)]


def names(sources: Collection[str]) -> Mapping[str, Named]:
    """Pushes by their public ids, with the material that they carried."""
    found = Push.objects.filter(public_id__in=_ids(sources)).select_related("material")
    return {
        shown_id(push.public_id): Named(
            push.name, shown_id(push.material.public_id), str(push.material)
        )
        for push in found
    }


def _ids(sources: Collection[str]) -> list[uuid.UUID]:
    """Those that are public ids; an old or foreign source is nobody's."""
    found = []
    for source in sources:
        try:
            found.append(read_id(source))
        except ValueError:
            continue
    return found


def meant(source: str) -> Meant:
    """Whom a push was launched to, reached or not, as long as its tasks know: half a year.

    Everybody from the moment of the launch: those kept out have the same one.
    """
    found = Push.objects.filter(public_id__in=_ids([source])).exclude(launched_at=None).first()
    if found is None:
        return Meant()
    return Meant(
        "SELECT DISTINCT unnest(members) AS member_no, %(meant_at)s::timestamptz AS at"
        " FROM groups_pushtask WHERE push_id = %(meant_push)s",
        {"meant_at": found.launched_at, "meant_push": found.pk},
    )
