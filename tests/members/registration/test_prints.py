"""Codes on paper: every one reads back, cards keep their margins, a batch is a record."""

from __future__ import annotations

import io
import re

import pytest
import zxingcpp
from django.test import Client
from django.urls import reverse
from PIL import Image

from kit.fields import shown_id
from members.registration.addresses import address_of_code, address_of_roster
from members.registration.drawing import DPI, LAYOUTS, Face, dots, pages_of, pdf_of, png_of, svg_of
from members.registration.models import Scene
from members.registration.models_of_codes import (
    PrintBatch,
    PrintedCode,
    PrintState,
    RosterCode,
    RosterKind,
)
from members.registration.printing import (
    MOST_PAGES,
    NoSuchLayout,
    NothingToPrint,
    TooMuchPaper,
    draw_batch,
    face_of_code,
    face_of_roster,
    order_again,
    order_prints,
)
from tests.cast import Cast
from tests.members.builders import TESTER, a_channel_code, run_handlers

FACE = Face(
    "林晓", "国贸店 · 试衣间", "成为会员，尺码到货问我", "https://a.example/q/" + "x" * 22, "№ 1"
)


def faces(count: int) -> list[Face]:
    return [
        Face(f"导购{n}", "国贸店", "成为会员", f"https://a.example/q/{n:022d}/", f"№ {n}")
        for n in range(count)
    ]


def pages_in(pdf: bytes) -> list[Image.Image]:
    """The pictures that a printer prints: each page of ours is one."""
    streams = re.findall(rb"stream\r?\n(\xff\xd8.*?)\r?\nendstream", pdf, re.DOTALL)
    return [Image.open(io.BytesIO(stream)) for stream in streams]


def read(picture: Image.Image) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(picture)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_printed_code_reads_back_from_the_pages(layout: str) -> None:
    wanted = faces(LAYOUTS[layout].on_a_page + 1)
    pdf = pdf_of(LAYOUTS[layout], wanted)
    pages = pages_in(pdf)
    assert len(pages) == pages_of(LAYOUTS[layout], len(wanted)) == 2
    assert set().union(*map(read, pages)) == {face.address for face in wanted}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_paper_resolution_and_margins(layout: object) -> None:
    chosen = next(found for found in LAYOUTS.values() if found is layout)
    pdf = pdf_of(chosen, faces(chosen.on_a_page))
    (page,) = pages_in(pdf)
    assert page.size == (dots(chosen.paper[0]), dots(chosen.paper[1]))
    box = re.search(rb"MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    # The paper's points and the picture's dots agree: at least 300 to the inch.
    assert page.size[0] / (float(box[1]) / 72) >= DPI - 1
    for left, top in chosen.corners():
        # The code keeps clear of the knife by four millimetres.
        card = page.crop(
            (dots(left), dots(top), dots(left + chosen.card[0]), dots(top + chosen.card[1]))
        )
        for found in zxingcpp.read_barcodes(card):
            at = found.position
            edges = (at.top_left.x, at.top_left.y, card.width - at.bottom_right.x,
                     card.height - at.bottom_right.y)  # fmt: skip
            assert min(edges) >= dots(4)
    # No printer reaches the outermost millimetres: nothing stands there.
    edge = dots(4)
    for strip in (page.crop((0, 0, page.width, edge)), page.crop((0, 0, edge, page.height))):
        assert min(strip.convert("L").tobytes()) > 200


def test_a_single_picture_and_a_drawing_read_back() -> None:
    picture = Image.open(io.BytesIO(png_of(FACE)))
    assert read(picture) == {FACE.address}
    assert round(float(picture.info["dpi"][0])) == DPI
    drawing = svg_of(FACE).decode()
    assert "<svg" in drawing
    assert "<script" not in svg_of(Face("<script>", "", "", FACE.address, "")).decode()
    path = re.search(r' d="([^"]+)"', drawing)
    assert path is not None
    assert read(_drawn(path[1])) == {FACE.address}


def _drawn(path: str) -> Image.Image:
    """The strokes of segno's drawing as dots, eight to a module."""
    picture = Image.new("L", (60, 60), 255)
    x = y = 0.0
    for sign, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        said = [float(number) for number in numbers.split()]
        if sign == "h":
            for step in range(int(said[0])):
                picture.putpixel((int(x) + step, int(y)), 0)
            x += said[0]
        else:
            x, y = (said[0], said[1]) if sign == "M" else (x + said[0], y + said[1])
    return picture.resize((480, 480), Image.Resampling.NEAREST)


def test_a_batch_says_who_printed_how_many_of_which(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    (batch,) = order_prints(
        [code.pk], layout="a4_8", copies=3, account_id=cast.lin.account_id, by=TESTER
    )
    assert (batch.state, batch.total, batch.store) == (PrintState.WAITING, 3, cast.guomao)
    run_handlers()
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.pages) == (PrintState.READY, 3, 1)
    assert batch.pdf is not None
    (page,) = pages_in(bytes(batch.pdf))
    assert [found.text for found in zxingcpp.read_barcodes(page)] == [address_of_code(code)] * 3
    assert list(PrintedCode.objects.values_list("channel_code", "copies")) == [(code.pk, 3)]
    # Told again by a worker: nothing is drawn twice.
    before = batch.ended_at
    draw_batch(batch.pk, by=TESTER)
    batch.refresh_from_db()
    assert batch.ended_at == before


def test_a_long_order_becomes_several_batches(cast: Cast) -> None:
    codes = [a_channel_code(cast.lin, scene=scene).pk for scene in (Scene.TILL, Scene.ENTRANCE)]
    made = order_prints(codes, layout="a5_1", copies=MOST_PAGES, account_id=cast.hq.pk, by=TESTER)
    assert [batch.total for batch in made] == [MOST_PAGES, MOST_PAGES]
    assert sum(PrintedCode.objects.values_list("copies", flat=True)) == 2 * MOST_PAGES


def test_what_cannot_be_printed_is_refused_in_words(cast: Cast) -> None:
    ended = a_channel_code(cast.lin, is_active=False)
    code = a_channel_code(cast.lin, scene=Scene.TILL)
    for codes, layout, copies, fault in (
        ([ended.pk], "a4_8", 1, NothingToPrint),
        ([code.pk], "a0", 1, NoSuchLayout),
        ([code.pk, *many_codes(cast, 20)], "a4_8", 200, TooMuchPaper),
    ):
        with pytest.raises(fault):
            order_prints(codes, layout=layout, copies=copies, account_id=cast.hq.pk, by=TESTER)
    assert not PrintBatch.objects.exists()


def many_codes(cast: Cast, count: int) -> list[int]:
    return [a_channel_code(cast.lin, campaign=f"活动{n}").pk for n in range(count)]


def test_a_drawing_that_is_gone_is_drawn_again_without_a_second_record(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    (batch,) = order_prints([code.pk], layout="a4_8", account_id=cast.hq.pk, by=TESTER)
    run_handlers()
    PrintBatch.objects.update(pdf=None)
    order_again(batch.pk, by=TESTER)
    run_handlers()
    batch.refresh_from_db()
    assert batch.pdf is not None
    assert PrintedCode.objects.count() == 1


def test_a_shared_code_is_printed_too(cast: Cast) -> None:
    roster = RosterCode.objects.create(
        kind=RosterKind.ROSTER, store=cast.guomao, scene=Scene.ENTRANCE
    )
    face = face_of_roster(roster)
    assert "当班" in face.place
    assert face.address == address_of_roster(roster)
    (batch,) = order_prints(
        [], rosters=[roster.pk], layout="a4_4", account_id=cast.hq.pk, by=TESTER
    )
    assert batch.total == 1


def test_a_card_says_whose_it_is_and_that_nothing_is_paid_by_it(cast: Cast) -> None:
    face = face_of_code(a_channel_code(cast.lin))
    assert (face.title, face.place) == ("林晓", "国贸店 · 试衣间")
    assert (
        shown_id(a_channel_code(cast.zhou).public_id)[-6:]
        in face_of_code(cast.zhou.channel_codes.get()).mark
    )


# ---------------------------------------------------------------- on the iPad


def signed_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(
        getattr(cast, name).account, backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def test_a_guide_prints_her_own_codes_only(cast: Cast) -> None:
    hers, zhous = a_channel_code(cast.lin), a_channel_code(cast.zhou)
    lin, zhou = signed_in(cast, "lin"), signed_in(cast, "zhou")
    ordered = lin.post(
        reverse("tablet-prints"), {"code": [hers.pk, zhous.pk], "layout": "a4_8", "copies": "2"}
    )
    assert list(PrintedCode.objects.values_list("channel_code", flat=True)) == [hers.pk]
    run_handlers()
    assert "画好了" in lin.get(ordered.headers["Location"]).content.decode()
    batch = PrintBatch.objects.get()
    file = reverse("tablet-print-file", args=[batch.public_id])
    assert lin.get(file).content.startswith(b"%PDF")
    for address in (file, ordered.headers["Location"]):
        assert zhou.get(address).status_code == 404


def test_a_picture_taken_is_a_print_too(cast: Cast) -> None:
    code = a_channel_code(cast.lin)
    for kind, begins in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        address = reverse("tablet-code-picture", args=[code.public_id, kind])
        assert signed_in(cast, "lin").get(address).content.startswith(begins)
        assert signed_in(cast, "zhou").get(address).status_code == 404
    assert list(PrintBatch.objects.order_by("pk").values_list("layout", "state", "total")) == [
        ("png", "ready", 1), ("svg", "ready", 1),
    ]  # fmt: skip
    wrong = reverse("tablet-code-picture", args=[code.public_id, "exe"])
    assert signed_in(cast, "lin").get(wrong).status_code == 404


# ---------------------------------------------------------------- at head office


def test_head_office_prints_a_selection(cast: Cast) -> None:
    codes = [a_channel_code(cast.lin), a_channel_code(cast.ma)]
    hq = Client()
    hq.force_login(cast.hq, backend="django.contrib.auth.backends.ModelBackend")
    told = {"action": "print_them", "_selected_action": [code.pk for code in codes]}
    listed = reverse("admin:members_channelcode_changelist")
    assert "印在什么上" in hq.post(listed, told).content.decode()
    hq.post(listed, {**told, "layout": "a4_8", "copies": "2"})
    batch = PrintBatch.objects.get()
    assert (batch.total, batch.store, batch.made_by) == (4, None, cast.hq)
    run_handlers()
    page = hq.get(reverse("admin:members_printbatch_change", args=[batch.pk])).content.decode()
    assert "下载 PDF" in page
    file = hq.get(reverse("admin:members_printbatch_file", args=[batch.pk]))
    assert file.content.startswith(b"%PDF")
