"""What the first bytes of a picture or a film tell: its size in points, its seconds."""

import struct

PNG = b"\x89PNG\r\n\x1a\n"
# JPEG segments that carry the frame's size.
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def points_of(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG; None when the bytes do not say."""
    if data.startswith(PNG) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


def seconds_of(data: bytes) -> float | None:
    """How long an MP4 lasts by its movie header; None when there is none."""
    at = data.find(b"mvhd")
    if at < 0 or at + 32 > len(data):
        return None
    wide = data[at + 4] == 1
    scale, length = struct.unpack(
        ">IQ" if wide else ">II", data[at + 24 : at + 36] if wide else data[at + 16 : at + 24]
    )
    return length / scale if scale else None
