"""Celery's door to registration: the nightly forgetting."""

from __future__ import annotations

from celery import shared_task

from kit.actor import Actor
from kit.schedule import A_NIGHT
from members.registration.actions import forget_expired
from members.registration.alarms import watch_codes
from members.registration.inbound_of_friends import ask_about_old_friends


@shared_task(name="members.tasks.forget_expired_visits")
def forget_expired_visits() -> None:
    forget_expired(by=Actor.system("retention of visits"))


@shared_task(name="members.tasks.watch_sent_codes")
def watch_sent_codes() -> None:
    watch_codes(by=Actor.system("watch of one-time codes"))


@shared_task(name="members.tasks.match_old_friends", **A_NIGHT)
def match_old_friends() -> None:
    ask_about_old_friends(by=Actor.system("friends of before"))
