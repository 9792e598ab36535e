"""Printing codes: a batch is a record of who printed how many of which code, then a drawing.

The order is an action; drawing takes seconds and stands outside every transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from django.db.models import F, QuerySet
from django.utils import timezone

from kit.actions import action, scope_of
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from members.registration.addresses import address_of_code, address_of_roster
from members.registration.drawing import LAYOUTS, Face, NoFont, pages_of, pdf_of
from members.registration.errors import RegistrationError
from members.registration.models import ChannelCode, Scene
from members.registration.models_of_codes import (
    PrintBatch,
    PrintedCode,
    PrintState,
    RosterCode,
    RosterKind,
)

log = structlog.get_logger(__name__)

# So much paper is drawn in a few seconds; more becomes several batches.
MOST_PAGES = 30
MOST_CARDS = 4000
MOST_COPIES = 200
# A picture of one code for somebody else's page: a record without sheets.
SINGLE = ("png", "svg")

# What a scan at this place is good for, in a customer's words.
_WORDS = {
    Scene.ENTRANCE: "成为会员，逛店更省心",
    Scene.FITTING_ROOM: "成为会员，尺码到货问我",
    Scene.TILL: "成为会员，这单就能积分",
    Scene.PARCEL: "成为会员，售后找得到我",
    Scene.EVENT: "成为会员，参加今天的活动",
    Scene.TABLET: "成为会员",
    Scene.ONLINE: "成为会员，线上也找得到我",
}


class NothingToPrint(RegistrationError):
    """选中的码都已停用，没有可以打印的。"""


class TooMuchPaper(RegistrationError):
    """一次最多打印 4000 张卡片，请少选一些，或者减少份数。"""


class NoSuchLayout(RegistrationError):
    """没有这种版式，请重新选一次。"""


@dataclass(frozen=True, slots=True)
class Wish:
    """One code and how many of it; exactly one of the two is set."""

    copies: int
    channel_code: ChannelCode | None = None
    roster: RosterCode | None = None


@action
def order_prints(
    codes: Sequence[int],
    *,
    layout: str,
    account_id: int,
    by: Actor,
    copies: int = 1,
    rosters: Sequence[int] = (),
) -> list[PrintBatch]:
    """Write down what is printed; each batch is drawn by a worker. Ordering again prints again.

    Codes that were ended are left out; several batches where one would be too long. Refuses an
    unknown layout (NoSuchLayout), nothing (NothingToPrint), and too much (TooMuchPaper).
    """
    if layout not in LAYOUTS:
        raise NoSuchLayout
    wishes = _wishes(codes, rosters, max(1, min(copies, MOST_COPIES)))
    if not wishes:
        raise NothingToPrint
    if sum(wish.copies for wish in wishes) > MOST_CARDS:
        raise TooMuchPaper
    most = MOST_PAGES * LAYOUTS[layout].on_a_page
    batches = []
    for part in _parts(wishes, most):
        batch = _put_batch(part, layout=layout, account_id=account_id)
        emit(
            "prints_ordered",
            subject=f"print_batch:{shown_id(batch.public_id)}",
            print_batch=batch.pk,
        )
        batches.append(batch)
    return batches


@action
def record_single(code_id: int, *, kind: str, account_id: int, by: Actor) -> PrintBatch:
    """Somebody took one code as a picture: that is a print too."""
    if kind not in SINGLE:
        raise NoSuchLayout
    wish = Wish(1, ChannelCode.objects.select_related("store").get(pk=code_id))
    batch = _put_batch([wish], layout=kind, account_id=account_id)
    batch.state, batch.done, batch.ended_at = PrintState.READY, 1, timezone.now()
    batch.save(update_fields=["state", "done", "ended_at"])
    return batch


@action
def order_again(batch_id: int, *, by: Actor) -> PrintBatch:
    """Draw a batch again whose drawing is gone or failed; no new record. Waiting: unchanged."""
    batch = PrintBatch.objects.select_for_update(of=("self",)).get(pk=batch_id)
    if batch.state == PrintState.WAITING or batch.layout in SINGLE:
        return batch
    batch.state, batch.done, batch.pdf, batch.ended_at = PrintState.WAITING, 0, None, None
    batch.save(update_fields=["state", "done", "pdf", "ended_at"])
    emit(
        "prints_ordered",
        subject=f"print_batch:{shown_id(batch.public_id)}",
        print_batch=batch.pk,
    )
    return batch


def draw_batch(batch_id: int, *, by: Actor) -> None:
    """Draw what was ordered and keep it; drawn before: nothing. The worker's part, no action."""
    with scope_of(by):
        batch = PrintBatch.objects.defer("pdf").filter(pk=batch_id).first()
        if batch is None or batch.state != PrintState.WAITING:
            return
        faces = list(_faces(batch.codes.order_by("pk")))
    layout = LAYOUTS[batch.layout]
    try:
        pdf = pdf_of(layout, faces, drawn=lambda cards: _note(batch_id, cards, by=by))
    except NoFont:
        log.exception("print_failed", batch=batch_id)
        _end(batch_id, pdf=None, pages=0, by=by)
        return
    _end(batch_id, pdf=pdf, pages=pages_of(layout, len(faces)), by=by)


@action
def _note(batch_id: int, cards: int, *, by: Actor) -> None:
    PrintBatch.objects.filter(pk=batch_id, done__lt=cards).update(done=cards)


@action
def _end(batch_id: int, *, pdf: bytes | None, pages: int, by: Actor) -> None:
    PrintBatch.objects.filter(pk=batch_id).update(
        state=PrintState.FAILED if pdf is None else PrintState.READY,
        pdf=pdf,
        pages=pages,
        done=0 if pdf is None else F("total"),
        ended_at=timezone.now(),
    )


def face_of_code(code: ChannelCode) -> Face:
    """A guide's card: her name, her store, the place in words."""
    scene = Scene(code.scene)
    return Face(
        title=code.guide.name,
        place=f"{code.store.name} · {scene.label}",
        words=_WORDS[scene],
        address=address_of_code(code),
        mark=mark_of(code),
    )


def face_of_roster(roster: RosterCode) -> Face:
    """A shared card: the store whose guide on duty answers, or the way to the nearest store."""
    scene = Scene(roster.scene)
    if roster.kind == RosterKind.NEAREST:
        title = "找离您最近的门店"
        place = roster.region.name if roster.region else "全部门店"
        words = "选好门店，成为会员"
    else:
        title = roster.store.name if roster.store else ""
        place, words = f"{scene.label} · 当班导购为您服务", _WORDS[scene]
    return Face(title, place, words, address_of_roster(roster), mark_of(roster))


def mark_of(code: ChannelCode | RosterCode) -> str:
    """The end of its public id, small on the card and in HQ's search."""
    return f"№ {shown_id(code.public_id)[-6:]}"


def batches_of_account(account_id: int) -> QuerySet[PrintBatch]:
    """Her own batches, newest first, without the drawings."""
    return PrintBatch.objects.defer("pdf").filter(made_by=account_id).order_by("-made_at", "-pk")


def _wishes(codes: Sequence[int], rosters: Sequence[int], copies: int) -> list[Wish]:
    guides = (
        ChannelCode.objects.filter(pk__in=codes, is_active=True, roster=None)
        .select_related("store")
        .order_by("store__code", "guide__employee_no", "scene", "pk")
    )
    shared = (
        RosterCode.objects.filter(pk__in=rosters, is_active=True)
        .select_related("store")
        .order_by("pk")
    )
    return [
        *(Wish(copies, channel_code=code) for code in guides),
        *(Wish(copies, roster=roster) for roster in shared),
    ]


def _parts(wishes: Iterable[Wish], most: int) -> Iterator[list[Wish]]:
    """Batches of at most so many cards; a code with many copies may be cut in two."""
    part: list[Wish] = []
    room = most
    for wish in wishes:
        left = wish.copies
        while left:
            taken = min(left, room)
            part.append(Wish(taken, wish.channel_code, wish.roster))
            left, room = left - taken, room - taken
            if room == 0:
                yield part
                part, room = [], most
    if part:
        yield part


def _put_batch(wishes: list[Wish], *, layout: str, account_id: int) -> PrintBatch:
    hung = [wish.channel_code or wish.roster for wish in wishes]
    stores = {code.store_id for code in hung if code is not None}
    batch = PrintBatch.objects.create(
        made_by_id=account_id,
        store_id=stores.pop() if len(stores) == 1 else None,
        layout=layout,
        total=sum(wish.copies for wish in wishes),
    )
    PrintedCode.objects.bulk_create(
        PrintedCode(
            batch=batch, channel_code=wish.channel_code, roster=wish.roster, copies=wish.copies
        )
        for wish in wishes
    )
    return batch


def _faces(printed: QuerySet[PrintedCode]) -> Iterator[Face]:
    found = printed.select_related(
        "channel_code__guide", "channel_code__store", "roster__store", "roster__region"
    )
    for row in found:
        if row.channel_code is not None:
            face = face_of_code(row.channel_code)
        elif row.roster is not None:
            face = face_of_roster(row.roster)
        else:
            continue
        yield from [face] * row.copies
