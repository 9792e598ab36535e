"""What is refused of an uploaded file; the text is shown to HQ."""

from __future__ import annotations


class FileRefused(Exception):
    """这一步现在不能做。"""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text or (self.__doc__ or "")
