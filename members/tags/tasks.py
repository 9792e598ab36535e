"""Doors of tags for Celery: pairs are compared with WeCom, rules are carried out each night."""

from __future__ import annotations

from celery import shared_task

from kit.schedule import A_NIGHT
from members.tags.actions import carry_out_rules
from members.tags.settling import compare_stale_pairs


@shared_task(name="members.tasks.compare_tags_of_pairs")
def compare_tags_of_pairs() -> None:
    compare_stale_pairs()


@shared_task(name="members.tasks.carry_out_tag_rules", **A_NIGHT)
def carry_out_tag_rules() -> None:
    carry_out_rules()
