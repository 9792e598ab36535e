"""WeCom says something of archive agreements, keywords or customer service: a look."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils import timezone

from kit.actor import Actor
from kit.events import DomainEvent
from wecom.directory import hearing
from wecom.directory.hearing import HITS
from wecom.directory.inbound import compare
from wecom.directory.portions import Agreements, KeywordHits, KfAccounts, KfServicers
from wecom.directory.queries_of_hearing import position_of
from wecom.directory.sources_of_hearing import SERVICE, listening_app
from wecom.gateway import GroupUnknown, WecomError, gateway_of

_STALE_TOKEN: Final = 95007
# A look that never ends would hold its worker: what is left is fetched by the next look.
_PAGES: Final = 20


def agreement_told(event: DomainEvent) -> None:
    """A customer agreed to the archive, with a guide or in a group: WeCom is asked."""
    said = event.payload
    customer, userid = str(said.get("external_userid") or ""), str(said.get("userid") or "")
    chat_id = str(said.get("chat_id") or "")
    archive, asked_at = gateway_of(listening_app()), timezone.now()
    if chat_id:
        try:
            facts = Agreements(tuple(archive.room_agreements(chat_id)), chat_id)
        except GroupUnknown:
            return
    elif customer and userid:
        facts = Agreements(tuple(archive.single_agreements([(userid, customer)])))
    else:
        return
    compare("archive_consents", event.subject, facts, asked_at)


def keyword_told(event: DomainEvent) -> None:
    """The data zone heard a keyword: all hits behind our place are read."""
    if not settings.WECOM_ZONE_BRIDGE_URL:
        return
    zone, token = gateway_of(listening_app()), str(event.payload.get("keyword_token") or "")
    for _ in range(_PAGES):
        after = position_of(HITS)
        try:
            page = zone.keyword_hits(after, token)
        except WecomError as error:
            if error.code != _STALE_TOKEN or not token:
                raise
            # Good for ten minutes; without one WeCom only limits how often.
            token = ""
            continue
        facts = KeywordHits(page.rows, after, page.next_cursor)
        hearing.take_hits(facts, by=Actor.system(event.kind))
        if not page.has_more:
            return


def kf_accounts_told(event: DomainEvent) -> None:
    """Accounts of customer service were given to us or taken away: all are looked at."""
    if SERVICE not in settings.WECOM_APPS:
        return
    desk, asked_at = gateway_of(SERVICE), timezone.now()
    rows = tuple(desk.kf_accounts())
    compare("kf_accounts", "kf", KfAccounts(rows), asked_at)
    added = set(event.payload.get("added") or ())
    for row in rows:
        if row.open_kfid in added and row.is_managed:
            facts = KfServicers(row.open_kfid, tuple(desk.kf_servicers(row.open_kfid)))
            compare("kf_accounts", f"kf:{row.open_kfid}", facts, asked_at)
