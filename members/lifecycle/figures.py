"""What stages and plays add to the figures: who lapsed, who came back, who is kept out of what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.fields import shown_id
from members.identity.models import Member
from members.lifecycle.models import MemberStage, Stage
from members.lifecycle.models_of_today import Play
from members.lifecycle.queries import members_of_play
from stores.figures.lifting import note_arms
from stores.figures.parts import Named, Part


def parts(stores: Collection[int] | None, since: datetime, until: datetime) -> list[Part]:
    """Who was seen to lapse in the time, and who bought again after having lapsed."""
    moves = MemberStage.objects.exclude(before="").filter(
        since__gte=timezone.localtime(since).date(), since__lt=timezone.localtime(until).date()
    )
    if stores is not None:
        moves = moves.filter(member__home_store__in=stores)
    said = moves.order_by().aggregate(
        lapsed=Count("pk", filter=Q(stage=Stage.LAPSED)),
        back=Count("pk", filter=Q(before=Stage.LAPSED) & ~Q(stage=Stage.LAPSED)),
    )
    why = f"另有 {said['back']} 位流失后又来了；只算同意“按我的喜好推荐”的会员"
    return [Part("新流失会员", f"{said['lapsed']}", why, said["lapsed"])]


def names(sources: Collection[str]) -> Mapping[str, Named]:
    """Plays by their public ids."""
    plays = {shown_id(play.public_id): play.name for play in Play.objects.all()}
    return {source: Named(plays[source]) for source in sources if source in plays}


@action
def note_sides(play: Play, *, at: datetime, by: Actor) -> int:
    """Write down who takes part in a play and who is kept out, the night they come to be meant.

    Who was noted stays on her side: what she does later must not choose it.
    """
    part, kept = members_of_play(play, timezone.localtime(at).date())
    sides = [(number, True, at) for number in part] + [(number, False, at) for number in kept]
    members = [number for number, _, _ in sides]
    stores = dict(Member.objects.filter(pk__in=members).values_list("pk", "home_store_id"))
    return note_arms("play", shown_id(play.public_id), sides, stores)


def note_sides_of_plays(at: datetime) -> int:
    """The sides of every play that is switched on and keeps somebody out; how many rows."""
    us = Actor.system("measures plays")
    with scope_of(us):
        plays = list(Play.objects.filter(is_active=True, holdout_percent__gt=0))
    return sum(note_sides(play, at=at, by=us) for play in plays)
