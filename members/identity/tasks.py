"""What the clock asks of identity: members whom nobody compared yet."""

from __future__ import annotations

from celery import shared_task

from kit.actions import scope_of
from kit.actor import Actor
from kit.schedule import A_NIGHT
from members.identity.doubles import look_for_doubles, without_traits


@shared_task(name="members.tasks.look_for_doubles", **A_NIGHT)
def look_for_all_doubles() -> int:
    """Compare who came by a file or before there were traits; how many."""
    by, after, done = Actor.system("doubles by night"), 0, 0
    while True:
        with scope_of(by):
            keys = without_traits(after=after)
        if not keys:
            return done
        for key in keys:
            look_for_doubles(key, by=by)
        after, done = keys[-1], done + len(keys)
