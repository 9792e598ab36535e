"""Text as a QR drawing for our pages: SVG made of squares, no inline style."""

from __future__ import annotations

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString

# Readers want four modules of quiet around the code; the white card gives the fourth.
_QUIET = 3


def qr_of(text: str, *, label: str = "二维码") -> SafeString:
    """Dark on white in every light, as large as its place allows."""
    code = segno.make(text, error="m", micro=False)
    rows = [list(row) for row in code.matrix_iter(border=_QUIET)]
    runs: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            width = 0
            while x + width < len(row) and row[x + width]:
                width += 1
            if width:
                runs.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width + 1
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {} {}"'
        ' shape-rendering="crispEdges">'
        '<rect width="100%" height="100%" fill="#fff"/><path fill="#000" d="{}"/></svg>',
        label,
        len(rows),
        len(rows),
        " ".join(runs),
    )
