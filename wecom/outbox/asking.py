"""What became of rows whose courier fell silent: WeCom is asked, nothing is sent blindly.

A mass send of ours is recognised in WeCom's list by its words, its guide and its recipients; a
code by its state. Hidden marks in the text would be carried to customers, so there are none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final

import structlog
from django.utils import timezone

from wecom.gateway import (
    Gateway,
    GroupUnknown,
    MassSendRecord,
    Moment,
    TransferResult,
    WecomError,
    gateway_of,
)
from wecom.gateway.attachments import wecom_attachment
from wecom.outbox import actions
from wecom.outbox.carriers import CARRIERS
from wecom.outbox.delivery import COURIER, MAX_ATTEMPTS
from wecom.outbox.models import Kind, OutboxRow, OutboxState
from wecom.outbox.rules import recipients_of
from wecom.outbox.steps import call_courier

log = structlog.get_logger(__name__)

# A call that got no answer may still be under way for so long.
ABSENT_AFTER: Final = timedelta(minutes=10)
# After WeCom answered "busy" nothing is under way.
ABSENT_AFTER_ANSWER: Final = timedelta(seconds=60)
GIVE_UP_AFTER: Final = timedelta(hours=6)
_UNKNOWN: Final = "企业微信没有给出结果，也无法查证；请人工核对后选择“已送达”或“重新发送”。"
_ASK_EVERY: Final = timedelta(seconds=30)
# Clocks differ, and WeCom may need a while to write down what it took.
_BEFORE, _AFTER = timedelta(minutes=2), timedelta(minutes=30)


def recover(limit: int = 200) -> int:
    """Settle rows whose lease ran out; how many were looked at.

    Rows that WeCom does once are planned again; others are looked up, adopted when found, planned
    again when surely absent, and handed to HQ as `unknown` when that cannot be said.
    """
    rows = actions.take_to_ask(limit=limit, again_in=_ASK_EVERY, by=COURIER)
    mass_sends: dict[tuple[str, str], list[OutboxRow]] = defaultdict(list)
    for row in rows:
        if CARRIERS[row.kind].repeatable:
            _plan_again(row, in_doubt=True)
        elif row.kind == Kind.MASS_SEND:
            mass_sends[row.app, row.payload.get("chat_type", "single")].append(row)
        elif row.kind in _ASKED:
            _guarded(row, partial(_ASKED[row.kind], row))
        else:
            actions.end(row, OutboxState.UNKNOWN, error=_UNKNOWN, code=row.error_code, by=COURIER)
    for (app, chat_type), those in mass_sends.items():
        _ask_mass_sends(app, chat_type, those)
    return len(rows)


def _guarded(row: OutboxRow, ask: Callable[[], None]) -> None:
    """Ask for one row; whatever goes wrong concerns this row alone, which is asked for later.

    41063 is among it: the task was made a moment ago, WeCom has not written its records yet.
    """
    try:
        ask()
    except Exception as error:
        code = getattr(error, "code", None)
        if not isinstance(error, WecomError):
            log.exception("asking_broke", kind=row.kind, row=str(row.public_id))
        log.warning("asking_failed", kind=row.kind, row=str(row.public_id), code=code)
        _give_up_if_old(row)


def _ask_mass_sends(app: str, chat_type: str, rows: list[OutboxRow]) -> None:
    """One look into WeCom's list for all doubtful mass sends of an application."""
    gateway = gateway_of(app)
    begun = [_begun(row) for row in rows]
    try:
        records = gateway.mass_sends_between(
            min(begun) - _BEFORE,
            min(timezone.now(), max(begun) + _AFTER),
            chat_type=chat_type,
        )
    except WecomError as error:
        log.warning("asking_failed", kind=Kind.MASS_SEND, rows=len(rows), code=error.code)
        for row in rows:
            _give_up_if_old(row)
        return
    taken = _adopted(record.msgid for record in records)
    free = [record for record in records if record.msgid not in taken]
    known = _Known(gateway)
    for row in rows:
        _guarded(row, partial(_adopt, known, row, free))


class _Known:
    """What WeCom said of its records within one look: each is asked for once, not once per row."""

    def __init__(self, gateway: Gateway) -> None:
        self._senders = cache(
            lambda msgid: frozenset(task.userid for task in gateway.mass_send_tasks(msgid))
        )
        self._reached = cache(
            lambda msgid, sender: frozenset(
                result.recipient for result in gateway.mass_send_results(msgid, sender)
            )
        )
        self._errors: dict[str, WecomError] = {}

    def is_of(self, record: MassSendRecord, sender: str) -> bool:
        """Whether this guide was asked to send it. A refusal of WeCom's is raised each time."""
        if record.msgid in self._errors:
            raise self._errors[record.msgid]
        try:
            return sender in self._senders(record.msgid)
        except WecomError as error:
            self._errors[record.msgid] = error
            raise

    def reached(self, record: MassSendRecord, sender: str) -> frozenset[str]:
        """Whom it reaches by this guide."""
        return self._reached(record.msgid, sender)


def _adopt(known: _Known, row: OutboxRow, free: list[MassSendRecord]) -> None:
    """Take the record that is this row out of the free ones, or note that there is none."""
    found = _find(known, row, free)
    if found is None:
        _absent(row)
        return
    record, reached = found
    free.remove(record)
    unreachable = [one for one in recipients_of(row.payload) if one not in reached]
    answer = {"msgid": record.msgid, "unreachable": unreachable, "adopted": True}
    actions.end(row, OutboxState.SENT, answer=answer, by=COURIER)


def _find(
    known: _Known, row: OutboxRow, records: list[MassSendRecord]
) -> tuple[MassSendRecord, frozenset[str]] | None:
    """The record that is this row, and whom it reaches. Equal recipients win over fewer."""
    wanted = set(recipients_of(row.payload))
    sender = str(row.payload["sender"]).lower()
    fewer: tuple[MassSendRecord, frozenset[str]] | None = None
    for record in records:
        if not _same_words(record, row) or not known.is_of(record, sender):
            continue
        reached = known.reached(record, sender)
        if reached == wanted:
            return record, reached
        if reached < wanted and fewer is None:
            fewer = record, reached
    return fewer


def _same_words(record: MassSendRecord, row: OutboxRow) -> bool:
    if record.text != row.payload.get("text", ""):
        return False
    ours = [wecom_attachment(one) for one in row.payload.get("attachments", ())]
    return [_mark(one) for one in ours] == [_mark(one) for one in record.attachments]


def _mark(attachment: Any) -> tuple[str, str]:
    """What of an attachment WeCom gives back as it was: its kind, and a link's address."""
    kind = str(attachment.get("msgtype") or "")
    return kind, str((attachment.get("link") or {}).get("url") or "") if kind == "link" else ""


def _adopted(msgids: Iterable[str]) -> set[str]:
    """Those of WeCom's records that are already some row's."""
    known = OutboxRow.objects.filter(
        kind=Kind.MASS_SEND, state=OutboxState.SENT, answer__msgid__in=list(msgids)
    )
    return {row.answer["msgid"] for row in known.only("answer")}


def _ask_contact_way(row: OutboxRow) -> None:
    state, userid = row.payload["state"], str(row.payload["userid"]).lower()
    for way, its_state, guides in gateway_of(row.app).contact_ways_since(_begun(row) - _BEFORE):
        if its_state == state and userid in guides:
            answer = {
                "config_id": way.config_id,
                "qr_code_url": way.qr_code_url,
                "adopted": True,
            }
            actions.end(row, OutboxState.SENT, answer=answer, by=COURIER)
            return
    _absent(row)


def _ask_corp_tag(row: OutboxRow) -> None:
    """A name stands once in a group: found there, the call came about."""
    said = row.payload
    for group in gateway_of(row.app).tag_groups():
        for tag in group.tags:
            if (group.name, tag.name) == (said["group"], said["name"]):
                answer = {"group_id": group.id, "tag_id": tag.id, "adopted": True}
                actions.end(row, OutboxState.SENT, answer=answer, by=COURIER)
                return
    _absent(row)


def _ask_customer_transfer(row: OutboxRow) -> None:
    """Whom WeCom began to move is not called for again; the others are, when nothing is under way.

    A transfer that took effect long before is an older one and says nothing about ours.
    """
    said, since = row.payload, _begun(row) - _BEFORE
    wanted: list[str] = said["external_userids"]
    begun = {
        one.external_userid
        for one in _transfers(row)
        if one.state == "waiting"
        or (one.state == "done" and one.takes_effect_at and one.takes_effect_at >= since)
    }
    known = row.answer.get("rows", {}) | {one: 0 for one in wanted if one in begun}
    if set(wanted) <= set(known):
        answer = {"rows": known, "adopted": True}
        actions.end(row, OutboxState.SENT, answer=answer, by=COURIER)
    elif begun & set(wanted):
        # The call arrived, so whoever is missing was refused: WeCom tells why when asked again.
        _plan_again(row, in_doubt=False, known={"rows": known})
    else:
        _absent(row)


def _transfers(row: OutboxRow) -> Iterator[TransferResult]:
    """Every transfer of WeCom's between these two guides."""
    said, gateway, cursor = row.payload, gateway_of(row.app), ""
    while True:
        page = gateway.transfer_results(
            said["handover"],
            said["takeover"],
            has_resigned=said.get("has_resigned", False),
            cursor=cursor,
        )
        yield from page.rows
        if not page.next_cursor or page.next_cursor == cursor:
            return
        cursor = page.next_cursor


def _ask_group_transfer(row: OutboxRow) -> None:
    """Groups that have their new owner are done; the others are called for again."""
    said, gateway = row.payload, gateway_of(row.app)
    new_owner = str(said["new_owner"]).lower()
    moved = [one for one in said["chat_ids"] if _owner(gateway, one) == new_owner]
    if len(moved) == len(said["chat_ids"]):
        answer = {"refused": {}, "adopted": True}
        actions.end(row, OutboxState.SENT, answer=answer, by=COURIER)
    elif len(moved) > len(row.answer.get("moved", [])):
        _plan_again(row, in_doubt=False, known={"moved": moved})
    else:
        _absent(row)


def _ask_moment(row: OutboxRow) -> None:
    """A moment of ours is recognised by its words, its link and its guides."""
    gateway, since = gateway_of(row.app), _begun(row) - _BEFORE
    until = min(timezone.now(), _begun(row) + _AFTER)
    taken = _moments_of_others(gateway, row, since, until)
    for moment in gateway.moments_between(since, until, kind="corp"):
        is_ours = moment.moment_id not in taken and _says_the_same(moment, row)
        if is_ours and _asks_the_same(gateway, moment, row):
            answer = {"jobid": "", "moment_id": moment.moment_id, "adopted": True}
            actions.end(row, OutboxState.SENT, answer=answer, by=COURIER)
            return
    _absent(row)


def _moments_of_others(
    gateway: Gateway, row: OutboxRow, since: datetime, until: datetime
) -> set[str]:
    """What other rows of that time became: their jobs say it for a day."""
    others = OutboxRow.objects.filter(
        kind=Kind.MOMENT, app=row.app, state=OutboxState.SENT, claimed_at__range=(since, until)
    )
    answers = [one.answer for one in others.exclude(pk=row.pk).only("answer")]
    return {
        said.get("moment_id") or gateway.moment_job(said["jobid"]).moment_id for said in answers
    }


def _says_the_same(moment: Moment, row: OutboxRow) -> bool:
    ours = [wecom_attachment(one) for one in row.payload.get("attachments", ())]
    links = [_mark(one)[1] for one in ours if one["msgtype"] == "link"]
    pictures = [one for one in ours if one["msgtype"] == "image"]
    return (
        moment.text == row.payload.get("text", "")
        and moment.link_url == "".join(links)
        and len(moment.picture_ids) == len(pictures)
    )


def _asks_the_same(gateway: Gateway, moment: Moment, row: OutboxRow) -> bool:
    asked = {task.userid for task in gateway.moment_tasks(moment.moment_id)}
    named = {str(userid).lower() for userid in row.payload.get("userids", ())}
    return named <= asked if row.payload.get("department_ids") else named == asked


def _owner(gateway: Gateway, chat_id: str) -> str:
    """Whose group it is; nobody's once it was dismissed, which the call itself then tells."""
    try:
        return gateway.group(chat_id).owner_userid
    except GroupUnknown:
        return ""


def _absent(row: OutboxRow) -> None:
    """WeCom knows nothing of it: planned again once nothing can be under way any more."""
    patience = ABSENT_AFTER if row.error_code is None else ABSENT_AFTER_ANSWER
    if timezone.now() - _begun(row) >= patience:
        _plan_again(row, in_doubt=False)


def _plan_again(row: OutboxRow, *, in_doubt: bool, known: Mapping[str, Any] | None = None) -> None:
    if row.attempts >= MAX_ATTEMPTS:
        state = OutboxState.UNKNOWN if in_doubt else OutboxState.FAILED
        actions.end(row, state, error=row.error, code=row.error_code, by=COURIER)
        return
    actions.put_back(
        row,
        pause=0,
        error=row.error,
        code=row.error_code,
        in_doubt=in_doubt,
        known=known,
        by=COURIER,
    )
    call_courier([row])


def _give_up_if_old(row: OutboxRow) -> None:
    if timezone.now() - _begun(row) >= GIVE_UP_AFTER:
        actions.end(row, OutboxState.UNKNOWN, error=_UNKNOWN, code=row.error_code, by=COURIER)


def _begun(row: OutboxRow) -> datetime:
    if row.claimed_at is None:
        raise ValueError("only rows that are being sent are asked after")
    return row.claimed_at


# How the end of a kind that WeCom does twice when asked twice can be found out.
_ASKED: Final[Mapping[str, Callable[[OutboxRow], None]]] = {
    Kind.CONTACT_WAY: _ask_contact_way,
    Kind.CORP_TAG: _ask_corp_tag,
    Kind.CUSTOMER_TRANSFER: _ask_customer_transfer,
    Kind.GROUP_TRANSFER: _ask_group_transfer,
    Kind.MOMENT: _ask_moment,
}
