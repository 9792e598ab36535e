"""May this be heard, and up to where was read? Asked by sources, and by the rooms that listen.

Rows name customers, so an actor who does not see everybody meets none: ask as the system.
"""

from __future__ import annotations

from collections.abc import Iterable

from wecom.directory.models_of_hearing import AgreementState, ArchiveConsent, Bookmark


def archive_agreed(userid: str, external_userid: str) -> bool | None:
    """Whether she lets WeCom archive her talk with this guide; None when nobody knows."""
    return _said(external_userid, userid=userid.lower(), chat_id="")


def archive_agreed_in(chat_id: str, external_userid: str) -> bool | None:
    """Whether she lets WeCom archive what she says in this group; None when nobody knows."""
    return _said(external_userid, userid="", chat_id=chat_id)


def refused_in_groups(chat_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Pairs of group and customer where she said no to the archive, in one query."""
    refused = ArchiveConsent.objects.filter(
        chat_id__in=[one for one in chat_ids if one], state=AgreementState.REFUSED
    )
    return set(refused.values_list("chat_id", "external_userid"))


def position_of(stream: str) -> str:
    """Up to where a stream was read; empty at its beginning."""
    return Bookmark.objects.filter(stream=stream).values_list("position", flat=True).first() or ""


def _said(external_userid: str, *, userid: str, chat_id: str) -> bool | None:
    held = ArchiveConsent.objects.filter(
        external_userid=external_userid, userid=userid, chat_id=chat_id
    )
    state = held.values_list("state", flat=True).first()
    known = {str(AgreementState.AGREED): True, str(AgreementState.REFUSED): False}
    return known.get(state or "")
