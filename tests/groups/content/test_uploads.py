"""Uploaded pictures are decoded within limits and written anew: pixels, and nothing else (F-51)."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from groups.content.uploads import MOST_BYTES, UnfitPicture, pixels_of
from tests.house.floors import ROOT


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **extra: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(written, format=kind, **extra)
    return written.getvalue()


def with_place() -> bytes:
    """A photo that says where it was taken, by which camera, and how it was held."""
    exif = Image.Exif()
    exif[0x0110] = "SPYCAM-3000"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (31.0, 13.0, 49.0)
    return a_picture(exif=exif, comment=b"taken at home")


def _chunk(name: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)


def a_png_that_says(width: int, height: int) -> bytes:
    """A head that promises so many pixels; its body is a few bytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def a_png_of_nothing(width: int, height: int) -> bytes:
    """A whole picture of zeros: a hundred kilobytes that decode to as many pixels as it says."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packer, line = zlib.compressobj(1), b"\0" * (1 + 3 * width)
    body = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


def taken(raw: bytes) -> bytes:
    return pixels_of(io.BytesIO(raw), size=len(raw)).read()


BOMBS: dict[str, Callable[[], bytes]] = {
    "30 000 × 30 000": lambda: a_png_that_says(30_000, 30_000),
    "a line of 2^31": lambda: a_png_that_says(2**31 - 1, 1),
    "5 001 × 5 000": lambda: a_png_of_nothing(5_001, 5_000),
    "no pixels": lambda: a_png_that_says(0, 0),
    "too many bytes": lambda: a_picture() + b"\0" * MOST_BYTES,
    "a FITS in gzip": lambda: gzip.compress(b"SIMPLE  =                    T".ljust(2880)),
    "a GIF": lambda: a_picture("GIF"),
    "a TIFF": lambda: a_picture("TIFF"),
    "a BMP": lambda: a_picture("BMP"),
    "an SVG": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a page": lambda: b"<html><script>alert(1)</script></html>",
    "a PDF": lambda: b"%PDF-1.7\n1 0 obj <<>> endobj",
    "a program": lambda: b"MZ" + b"\0" * 200,
    "nothing": lambda: b"",
    "half a photo": lambda: a_picture()[:200],
    "a photo's first line": lambda: a_picture()[:20],
    "a moving PNG": lambda: a_moving_png(),
}


def a_moving_png() -> bytes:
    written = io.BytesIO()
    first, second = Image.new("RGB", (9, 9)), Image.new("RGB", (9, 9), (9, 9, 9))
    first.save(written, format="PNG", save_all=True, append_images=[second])
    return written.getvalue()


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_and_other_files_are_refused(bomb: str) -> None:
    with pytest.raises(UnfitPicture):
        taken(BOMBS[bomb]())


_WITHIN_A_HUNDRED_MB = """
import io, resource
from tests.groups.content.test_uploads import BOMBS, a_picture, taken
from groups.content.uploads import UnfitPicture
raw = {name: make() for name, make in BOMBS.items()}
taken(a_picture()), taken(a_picture("PNG"))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)
for name, bomb in raw.items():
    try:
        taken(bomb)
    except UnfitPicture as fault:
        if isinstance(fault.__cause__, MemoryError):
            print(name)
    except MemoryError:
        print(name)
    else:
        print(name)
"""


def test_no_bomb_is_opened_before_it_is_refused() -> None:
    """A process that may grow by a hundred megabytes refuses them all by their heads."""
    done = subprocess.run(
        [sys.executable, "-c", _WITHIN_A_HUNDRED_MB], capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.split("\n") == [""]


@pytest.mark.parametrize(
    "tail",
    [b"<script>alert(1)</script>", b"PK\x03\x04 a zip", b"<?php system($_GET[0]); ?>"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_second_file_in_the_tail_does_not_come_along(kind: str, tail: bytes) -> None:
    left = taken(a_picture(kind) + tail)
    assert tail not in left
    assert Image.open(io.BytesIO(left)).size == (40, 30)


def test_where_and_by_what_it_was_taken_is_gone_and_it_stands_upright() -> None:
    raw = with_place()
    assert b"SPYCAM" in raw
    left = taken(raw)
    assert b"SPYCAM" not in left
    assert b"taken at home" not in left
    picture = Image.open(io.BytesIO(left))
    assert dict(picture.getexif()) == {}
    assert picture.getexif().get_ifd(0x8825) == {}
    assert picture.size == (30, 40)


def test_a_name_is_ours() -> None:
    assert pixels_of(io.BytesIO(a_picture()), size=9).name == "picture.jpg"
    assert pixels_of(io.BytesIO(a_picture("PNG")), size=9).name == "picture.png"
