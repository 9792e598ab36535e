"""Jobs by the clock over channels: look again without a hint, forget what is old."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bot.channels import actions
from bot.channels.archive import Archive
from bot.channels.kf import CustomerService
from bot.channels.models import KfAccount
from kit.actions import scope_of
from kit.actor import Actor


@shared_task
def listen_again() -> None:
    """Hints get lost: whatever was said meanwhile is fetched by the clock."""
    if Archive().is_open():
        Archive().listen()
    if not CustomerService().is_open():
        return
    with scope_of(Actor.system("hints get lost")):
        accounts = list(KfAccount.objects.values_list("open_kfid", flat=True))
    for open_kfid in accounts:
        CustomerService().listen(subject=open_kfid)


@shared_task
def forget_heard() -> None:
    actions.forget_heard(at=timezone.now(), by=Actor.system("kept 30 days"))
