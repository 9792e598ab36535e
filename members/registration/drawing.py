"""Codes as pictures for print: one as PNG or SVG, many as sheets of cards with crop marks.

Pure drawing in millimetres at 300 dots an inch; what is printed, and for whom, stands elsewhere.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import segno
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

DPI = 300
# One ink: every shop's printer has it.
_INK, _GREY, _PAPER = 20, 100, 255
# Readers want four modules of quiet around the code.
_QUIET = 4
_MARK, _GAP = 4.0, 1.5


class NoFont(Exception):
    """服务器上没有中文字体，画不了卡片。请装 fonts-noto-cjk，或用 PRINT_FONT 指定字体文件。"""


@dataclass(frozen=True, slots=True)
class Face:
    """What stands on one card: who, where, in which words, and the address behind the code."""

    title: str
    place: str
    words: str
    address: str
    # A few characters by which a card in the hand is found in the list.
    mark: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Paper and cards in millimetres; a card as wide as high or wider has its code at the left."""

    name: str
    paper: tuple[float, float]
    card: tuple[float, float]
    columns: int
    rows: int
    code: float

    @property
    def on_a_page(self) -> int:
        return self.columns * self.rows

    @property
    def is_wide(self) -> bool:
        return self.card[0] >= self.card[1]

    def corners(self) -> list[tuple[float, float]]:
        """The upper left corner of each card, the block centred on the paper."""
        wide, high = self.card
        left = (self.paper[0] - self.columns * wide) / 2
        top = (self.paper[1] - self.rows * high) / 2
        return [
            (left + column * wide, top + row * high)
            for row in range(self.rows)
            for column in range(self.columns)
        ]


LAYOUTS: dict[str, Layout] = {
    "a4_8": Layout("小卡，A4 一页 8 张", (210, 297), (92, 66), 2, 4, 46),
    "a4_4": Layout("台卡，A4 一页 4 张", (210, 297), (94, 136), 2, 2, 76),
    "a5_1": Layout("立牌，A5 一页 1 张", (148, 210), (126, 188), 1, 1, 106),
}


def dots(millimetres: float) -> int:
    """So many millimetres of paper in dots."""
    return round(millimetres * DPI / 25.4)


def pages_of(layout: Layout, count: int) -> int:
    return -(-count // layout.on_a_page)


# ---------------------------------------------------------------- one code


def png_of(face: Face) -> bytes:
    """A card of its own, large enough for a poster: 94 × 136 mm at 300 dots an inch."""
    layout = LAYOUTS["a4_4"]
    picture = _draw_card(layout, face)
    held = io.BytesIO()
    picture.save(held, "PNG", dpi=(DPI, DPI), optimize=True)
    return held.getvalue()


def svg_of(face: Face) -> bytes:
    """The bare code without words, in squares, for a graphic designer's page."""
    held = io.BytesIO()
    segno.make(face.address, error="m", micro=False).save(
        held, kind="svg", scale=10, border=_QUIET, title=f"{face.title} {face.mark}"
    )
    return held.getvalue()


# ---------------------------------------------------------------- sheets


def pdf_of(
    layout: Layout, faces: Sequence[Face], *, drawn: Callable[[int], None] | None = None
) -> bytes:
    """All cards on as many pages as they need; `drawn` hears after each page how many stand.

    One page at a time is in memory.
    """
    pages = _sheets(layout, faces, drawn)
    held = io.BytesIO()
    next(pages).save(held, "PDF", save_all=True, append_images=pages, resolution=DPI, quality=92)
    return held.getvalue()


def _sheets(
    layout: Layout, faces: Sequence[Face], drawn: Callable[[int], None] | None
) -> Iterator[Image.Image]:
    for first in range(0, len(faces), layout.on_a_page):
        here = faces[first : first + layout.on_a_page]
        yield _draw_sheet(layout, here)
        if drawn is not None:
            drawn(first + len(here))


def _draw_sheet(layout: Layout, faces: Sequence[Face]) -> Image.Image:
    wide, high = layout.paper
    sheet = Image.new("L", (dots(wide), dots(high)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    corners = layout.corners()
    _crop_marks(pen, layout)
    for (left, top), face in zip(corners, faces, strict=False):
        sheet.paste(_draw_card(layout, face), (dots(left), dots(top)))
    if layout.on_a_page > 1:
        _crop_lines(pen, layout)
    return sheet


def _crop_marks(pen: ImageDraw.ImageDraw, layout: Layout) -> None:
    """Short lines outside the block, where a knife goes; none reaches into a card."""
    corners = layout.corners()
    left, top = corners[0]
    right, bottom = corners[-1][0] + layout.card[0], corners[-1][1] + layout.card[1]
    for x in sorted({corner[0] for corner in corners} | {right}):
        for outer, inner in ((top - _GAP - _MARK, top - _GAP), (bottom + _GAP, bottom + 5.5)):
            pen.line((dots(x), dots(outer), dots(x), dots(inner)), fill=_GREY, width=2)
    for y in sorted({corner[1] for corner in corners} | {bottom}):
        for outer, inner in ((left - _GAP - _MARK, left - _GAP), (right + _GAP, right + 5.5)):
            pen.line((dots(outer), dots(y), dots(inner), dots(y)), fill=_GREY, width=2)


def _crop_lines(pen: ImageDraw.ImageDraw, layout: Layout) -> None:
    """A small cross where four cards meet, so that a ruler finds its way."""
    xs = sorted({x for x, _ in layout.corners()})[1:]
    ys = sorted({y for _, y in layout.corners()})[1:]
    for x in xs:
        for y in ys:
            pen.line((dots(x - 2), dots(y), dots(x + 2), dots(y)), fill=_GREY, width=1)
            pen.line((dots(x), dots(y - 2), dots(x), dots(y + 2)), fill=_GREY, width=1)


# ---------------------------------------------------------------- a card


# Copies of one card follow one another.
@lru_cache(maxsize=4)
def _draw_card(layout: Layout, face: Face) -> Image.Image:
    wide, high = layout.card
    card = Image.new("L", (dots(wide), dots(high)), _PAPER)
    code = _code_picture(face.address, dots(layout.code))
    if layout.is_wide:
        card.paste(code, (dots(3), (card.height - code.height) // 2))
        _write_beside(card, face, left=code.width + dots(5))
    else:
        card.paste(code, ((card.width - code.width) // 2, dots(high * 0.245)))
        _write_around(card, face, below=dots(high * 0.245) + code.height)
    return card


def _code_picture(address: str, size: int) -> Image.Image:
    """Every module a whole number of dots: nothing is smoothed between them."""
    rows = [
        list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=_QUIET)
    ]
    side = len(rows)
    small = Image.new("L", (side, side), 255)
    small.putdata([0 if dark else 255 for row in rows for dark in row])
    scale = max(1, size // side)
    return small.resize((side * scale, side * scale), Image.Resampling.NEAREST)


def _write_beside(card: Image.Image, face: Face, *, left: int) -> None:
    pen, room = ImageDraw.Draw(card), card.width - left - dots(3)
    y = dots(12)
    for text, size, bold, colour, after in (
        (face.title, 6.2, True, _INK, 1.6),
        (face.place, 3.7, False, _INK, 5.0),
        ("微信扫一扫", 4.2, True, _INK, 1.2),
        (face.words, 3.5, False, _INK, 4.0),
        ("入会码，不用来付款", 2.6, False, _GREY, 1.0),
        (face.mark, 2.4, False, _GREY, 0.0),
    ):
        font = _fitting(text, size, room, bold=bold)
        pen.text((left, y), text, font=font, fill=colour, anchor="la")
        y += round(font.size * 1.18) + dots(after)


def _write_around(card: Image.Image, face: Face, *, below: int) -> None:
    pen, room = ImageDraw.Draw(card), card.width - 2 * dots(6)
    middle, unit = card.width / 2, card.height / dots(136)
    for text, size, bold, colour, y in (
        (face.title, 10.5 * unit, True, _INK, dots(9 * unit)),
        (face.place, 5.4 * unit, False, _GREY, dots(22.5 * unit)),
        ("微信扫一扫", 7.4 * unit, True, _INK, below + dots(1 * unit)),
        (face.words, 5.2 * unit, False, _INK, below + dots(10.5 * unit)),
    ):
        font = _fitting(text, size, room, bold=bold)
        pen.text((middle, y), text, font=font, fill=colour, anchor="ma")
    small = f"入会码，不用来付款　{face.mark}"
    font = _fitting(small, 2.9 * unit, room, bold=False)
    pen.text((middle, card.height - dots(5)), small, font=font, fill=_GREY, anchor="md")


def _fitting(text: str, size: float, room: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    """The font at this height in millimetres, or as much smaller as the text needs."""
    wanted = dots(size)
    font = _font(wanted, bold=bold)
    length = font.getlength(text)
    return font if length <= room else _font(max(12, int(wanted * room / length)), bold=bold)


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    path, index = _font_file(bold=bold)
    font = ImageFont.truetype(str(path), size, index=index)
    if path.name.endswith("-VF.otf.ttc"):
        font.set_variation_by_axes([700 if bold else 400])
    return font


@lru_cache(maxsize=2)
def _font_file(*, bold: bool) -> tuple[Path, int]:
    """The setting's font, the one of the demo's package, or Debian's. Raises NoFont."""
    from_package = find_spec("manimgx_fonts_cjk")
    package = Path(from_package.origin or "").parent if from_package else Path("/nowhere")
    debian = Path("/usr/share/fonts/opentype/noto")
    # In Noto's collections the third face is the simplified Chinese one.
    places = (
        (Path(settings.PRINT_FONT), 0),
        (package / "NotoSansCJK-VF.otf.ttc", 2),
        (debian / f"NotoSansCJK-{'Bold' if bold else 'Regular'}.ttc", 2),
    )
    for path, index in places:
        if path.is_file():
            return path, index
    raise NoFont
