"""Reactions to WeCom's hints that something was said, and to what became of the bot's answers."""

from __future__ import annotations

from bot.channels import actions
from bot.channels.archive import Archive
from bot.channels.hearing import KF_APP
from bot.channels.kf import CustomerService
from bot.escalations.models import Escalation
from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from wecom.gateway import WecomError, gateway_of

US = Actor.system("what was said")


def archive_has_news(event: DomainEvent) -> None:
    """Fetch what was said in groups. Repeated hints find nothing new."""
    del event  # the hint names nothing: the cursor knows where to begin
    Archive().listen()


def kf_has_news(event: DomainEvent) -> None:
    """Fetch what customers wrote to an account, and answer what the bot may."""
    CustomerService().listen(
        subject=str(event.payload["open_kfid"]), token=str(event.payload.get("token") or "")
    )


def answer_sent(event: DomainEvent) -> None:
    """The bot's answer went out: a touch."""
    shown = _heard_id(event)
    if shown:
        actions.note_answered(shown, at=event.at, by=US)


def answer_not_sent(event: DomainEvent) -> None:
    """WeCom refused the answer (48 hours, five messages, a colleague's turn): a guide is asked."""
    shown = _heard_id(event)
    if shown:
        actions.hand_over_unsent(shown, by=US)


def move_kf_session(event: DomainEvent) -> None:
    """A question from customer service that a guide answers: the conversation becomes hers.

    When she serves nobody there now, it waits in the pool; the card on her screen stays either way.
    """
    with scope_of(US):
        escalation = (
            Escalation.objects.select_related("heard", "holder")
            .filter(pk=int(event.payload["escalation"]))
            .exclude(open_kfid="")
            .first()
        )
    if escalation is None or escalation.heard is None:
        return
    gateway = gateway_of(KF_APP)
    customer = escalation.heard.sender
    try:
        gateway.move_kf_session(
            escalation.open_kfid, customer, "servicer", escalation.holder.wecom_userid or ""
        )
    except WecomError as error:
        if error.code not in (95014, 95016):
            raise
        if gateway.kf_state(escalation.open_kfid, customer).state in ("new", "bot"):
            gateway.move_kf_session(escalation.open_kfid, customer, "waiting")


def _heard_id(event: DomainEvent) -> str:
    kind, _, shown = event.subject.partition(":")
    return shown if kind == "heard" else ""
