"""Keeping what WeCom tells about hearing: who agreed to the archive, which keywords were hit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kit.actions import action
from kit.actor import Actor
from wecom.directory.models_of_hearing import ArchiveConsent, Bookmark, KeywordHit
from wecom.directory.portions import Agreements, Found, KeywordHits

HITS: Final = "keyword_hits"


@action
def take_agreements(facts: Agreements, *, asked_at: datetime, by: Actor) -> list[Found]:
    """Keep what customers said to WeCom's archive; which of the known ones had changed.

    What was learnt after `asked_at` stays.
    """
    told = {
        (row.external_userid, "" if facts.chat_id else row.userid): row
        for row in facts.rows
        if facts.chat_id or row.userid
    }
    held = {
        (row.external_userid, row.userid): row
        for row in ArchiveConsent.objects.select_for_update()
        .filter(external_userid__in={key for key, _ in told}, chat_id=facts.chat_id)
        .order_by("pk")
    }
    fresh, changed, found = [], [], []
    for key, card in sorted(told.items()):
        row = held.get(key)
        if row is not None and row.read_at > asked_at:
            continue
        if row is None:
            row = ArchiveConsent(
                external_userid=key[0], userid=key[1], chat_id=facts.chat_id, read_at=asked_at
            )
            fresh.append(row)
        else:
            changed.append(row)
            if row.state != card.state:
                found.append(Found(f"contact:{key[0]}", "存档同意变更", key[1] or facts.chat_id))
        row.state, row.changed_at, row.read_at = card.state, card.since, asked_at
    ArchiveConsent.objects.bulk_create(fresh, ignore_conflicts=True)
    ArchiveConsent.objects.bulk_update(changed, ["state", "changed_at", "read_at"])
    return found


@action
def take_hits(facts: KeywordHits, *, by: Actor) -> int:
    """Keep what keyword rules were hit by and move on behind it; how many hits are new.

    HQ reads them in a list of their own. A page that somebody else read meanwhile changes nothing.
    """
    Bookmark.objects.bulk_create([Bookmark(stream=HITS)], ignore_conflicts=True)
    place = Bookmark.objects.select_for_update().get(stream=HITS)
    if place.position != facts.after:
        return 0
    known = set(
        KeywordHit.objects.filter(msgid__in=[row.msgid for row in facts.rows]).values_list(
            "msgid", "rule_id"
        )
    )
    fresh = {(hit.msgid, hit.rule_id): hit for hit in _hits(facts)}
    made = KeywordHit.objects.bulk_create([hit for key, hit in fresh.items() if key not in known])
    if facts.upto and facts.upto != place.position:
        place.position = facts.upto
        place.save(update_fields=["position", "moved_at"])
    return len(made)


def _hits(facts: KeywordHits) -> Sequence[KeywordHit]:
    return [
        KeywordHit(
            rule_id=rule.id[:64],
            rule_name=rule.name[:100],
            msgid=row.msgid[:128],
            chat_id=row.chat_id[:64],
            person=row.sender[:64],
            # In a group everybody hears it: nobody is named.
            to="" if row.chat_id else "".join(row.recipients[:1])[:64],
            is_staff=row.is_staff,
            at=row.at,
        )
        for row in facts.rows
        for rule in row.rules
    ]
