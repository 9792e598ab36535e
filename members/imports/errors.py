"""What an import refuses; the text is shown to HQ."""

from __future__ import annotations

from stores.ledger.errors import FileRefused


class ImportRefused(FileRefused):
    """这一步现在不能做。"""
