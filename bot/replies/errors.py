"""What can be refused about drafts; the docstring is the message shown."""

from __future__ import annotations


class NotWaiting(Exception):
    """这条回复已经处理过了。"""
