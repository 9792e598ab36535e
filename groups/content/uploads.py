"""What an uploaded picture has to be, and what is left of it: pixels, and nothing else.

The file is decoded within limits and written anew, so that no place, no camera, no second file in
its tail and no script comes along.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import BinaryIO, Final

from django.core.files.base import ContentFile
from PIL import Image, ImageOps

# WeCom takes PNG and JPEG up to ten megabytes (doc 96484, 2024-07-22).
KINDS: Final = ("PNG", "JPEG")
MOST_BYTES: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 25_000_000


class UnfitPicture(ValueError):
    """这个文件不是图片，请用 PNG 或 JPG。"""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (self.__doc__ or "")


def pixels_of(file: BinaryIO, *, size: int) -> ContentFile[bytes]:
    """The picture written anew. Raises UnfitPicture on what is none, or too large to open.

    Its size is read from the head before a single pixel is decoded; only the two decoders that are
    wanted are tried.
    """
    if size > MOST_BYTES:
        raise UnfitPicture("图片最大 10 MB。")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=KINDS) as picture:
                kind = picture.format or ""
                if picture.width * picture.height > MOST_PIXELS:
                    raise UnfitPicture("图片不要超过两千五百万像素。")
                if getattr(picture, "n_frames", 1) > 1:
                    raise UnfitPicture("请用不会动的图片。")
                return _anew(picture, kind)
    except UnfitPicture:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Warning,
            Image.DecompressionBombError) as error:  # fmt: skip
        raise UnfitPicture from error
    finally:
        file.seek(0)


def _anew(picture: Image.Image, kind: str) -> ContentFile[bytes]:
    """Only the pixels, upright as the camera meant them."""
    upright = ImageOps.exif_transpose(picture)
    mode = "RGB" if kind == "JPEG" else ("RGBA" if "A" in upright.getbands() else "RGB")
    plain = Image.new(mode, upright.size)
    plain.paste(upright.convert(mode))
    written = BytesIO()
    plain.save(written, format=kind, quality=90, optimize=False)
    return ContentFile(written.getvalue(), name=f"picture.{'png' if kind == 'PNG' else 'jpg'}")
