"""WeCom says something of acquisition links, or took the order of a moment: a look."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from kit.actor import Actor
from kit.events import DomainEvent, NotYet
from wecom.directory import links, moments
from wecom.directory.inbound import app_of, compare
from wecom.directory.portions import LinkSeen
from wecom.directory.rules_of_reach import JOB_KNOWN, pause_of_job
from wecom.gateway import WecomError, gateway_of
from wecom.outbox.actions import note_outcome
from wecom.outbox.models import OutboxRow

_TOLD: Final = {
    "balance_low": "low",
    "balance_exhausted": "exhausted",
    "quota_expire_soon": "expiring",
}
_NO_SUCH_LINK: Final = 40058


def balance_told(event: DomainEvent) -> None:
    """The paid customers run short, out or off: how many are left is read, the warning stands."""
    asked_at = timezone.now()
    quota = gateway_of(app_of(event)).acquisition_quota()
    told = _TOLD.get(event.kind.rpartition(".")[2], "")
    links.take_quota(quota, asked_at=asked_at, told=told, by=Actor.system(event.kind))


def link_told(event: DomainEvent) -> None:
    """A link was deleted, or led a customer to nobody: it is read again."""
    link_id = str(event.payload.get("link_id") or "")
    if not link_id:
        return
    if event.kind.endswith(".link_unavailable"):
        links.note_unavailable(link_id, at=event.at, by=Actor.system(event.kind))
    asked_at = timezone.now()
    try:
        seen = LinkSeen(link_id, gateway_of(app_of(event)).acquisition_link(link_id))
    except WecomError as error:
        if error.code != _NO_SUCH_LINK:
            raise
        seen = LinkSeen(link_id, None)
    compare("acquisition", f"link:{link_id}", seen, asked_at)


def customer_spoke(event: DomainEvent) -> None:
    """A customer who came by a link wrote to her guide; by which link, the key tells for a while.

    Without a key that still opens, and with nobody known, the next sweep finds her.
    """
    said = event.payload
    customer, userid = str(said.get("external_userid") or ""), str(said.get("userid") or "")
    link_id = channel = ""
    if said.get("chat_key"):
        try:
            chat = gateway_of(app_of(event)).acquisition_chat(str(said["chat_key"]))
            link_id, channel = chat.link_id, chat.state
            customer, userid = chat.external_userid or customer, chat.userid or userid
        except WecomError as error:
            if error.code != _NO_SUCH_LINK:
                raise
    if customer and userid:
        links.note_spoke(
            external_userid=customer,
            userid=userid,
            link_id=link_id,
            channel=channel,
            at=event.at,
            by=Actor.system(event.kind),
        )


def moment_ordered(event: DomainEvent) -> None:
    """WeCom took the order of a moment: what becomes of it is asked until it is known.

    The outbox row then says which moment it became and who was left out, or that it failed since
    WeCom made none or forgot the order.
    """
    wish, answer = str(event.payload["once"]), dict(event.payload.get("answer") or {})
    by = Actor.system("follows the order of a moment")
    moment_id = str(answer.get("moment_id") or "")
    known: dict[str, Any] = {}
    if not moment_id:
        age = timezone.now() - event.at
        row = OutboxRow.objects.filter(once=wish).first()
        job = gateway_of(row.app if row is not None else "main").moment_job(str(answer["jobid"]))
        if job.state != "done" and age < JOB_KNOWN:
            raise NotYet(pause_of_job(age))
        moment_id = job.moment_id
        if not moment_id:
            error = job.message if job.state == "done" else "企业微信 24 小时内没有结果"
            note_outcome(wish, {"code": job.code or None}, error=error or "没有建成", by=by)
            return
        known = {
            "left_out_userids": list(job.invalid_userids),
            "left_out_departments": list(job.invalid_department_ids),
            "left_out_tags": list(job.invalid_tag_ids),
        }
    moments.note_made(moment_id, wish=wish, at=event.at, by=by)
    note_outcome(wish, {"moment_id": moment_id, **known}, by=by)
