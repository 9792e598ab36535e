"""Celery's doors of this room: submit what is due, look for results, end what is over."""

from __future__ import annotations

import structlog
from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from groups.content.models import MaterialKind, Variant
from groups.pushes import actions, results, submission, withdrawal
from groups.pushes.looking import look
from groups.pushes.models import TaskState
from groups.pushes.queries import open_looks
from kit.actions import scope_of
from kit.actor import Actor
from wecom.gateway import WecomError, gateway_of

log = structlog.get_logger(__name__)

US = Actor.system("pushes")
_BATCH, _BATCHES = 100, 20
# WeCom keeps an uploaded picture for three days (doc 96484, 2024-07-22).
_MEDIA_SECONDS = 60 * 3600


@shared_task
def submit_push_tasks(_push: int = 0) -> None:
    """Hand due tasks to the outbox, a bounded number at a time; the sweep does the rest."""
    media = _pictures()
    for _ in range(_BATCHES):
        if submission.submit_waiting(media=media, by=US, limit=_BATCH) < _BATCH:
            return


@shared_task
def look_at_results() -> None:
    """Ask WeCom about tasks whose time to ask has come; one task's trouble costs only itself."""
    for one in results.take_looks(by=US):
        try:
            look(one)
        except WecomError as error:
            log.warning("look_failed", task=one.key, code=error.code)


@shared_task
def end_what_is_over() -> None:
    """Pull back what quiet hours end, after one more look, and close pushes that are done."""
    with scope_of(US):
        over = open_looks(stopping_for="", expires_at__lte=timezone.now())
    for one in over:
        try:
            look(one)
        except WecomError as error:
            log.warning("look_failed", task=one.key, code=error.code)
    withdrawal.pull_back_expired(by=US)
    actions.close_ended_pushes(by=US)


def _pictures() -> dict[int, str]:
    """Media ids of the pictures that due tasks send, uploaded when none is at hand."""
    with scope_of(US):
        variants = list(
            Variant.objects.filter(
                material__kind=MaterialKind.IMAGE,
                tasks__state=TaskState.WAITING,
                tasks__due_at__lte=timezone.now(),
            )
            .exclude(picture="")
            .distinct()
        )
    media: dict[int, str] = {}
    for variant in variants:
        key = f"push-picture:{variant.pk}:{variant.picture.name}"
        found = cache.get(key)
        if found is None:
            with variant.picture.open("rb") as file:
                found = gateway_of().upload_image(variant.picture.name, file.read())
            cache.set(key, found, _MEDIA_SECONDS)
        media[variant.pk] = found
    return media
