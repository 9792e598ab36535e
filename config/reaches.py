"""How her permission stands behind whatever reaches a customer, kind by kind of the outbox.

A kind without a word here fails a test before it sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping

ASKED = "asked when planned, and again at the moment of sending"
REACHES: Mapping[str, str] = {
    "mass_send": ASKED,
    "mass_send_cancel": "takes back what was to be sent",
    "mass_send_remind": "goes to a guide",
    "welcome": "answers her adding the guide a moment ago; says how to hear nothing more",
    "kf_message": "answers a question that she asked a moment ago",
    "app_message": "goes to people of the house",
    "contact_way": "a picture for guides",
    "contact_way_change": "a picture for guides",
    "contact_way_delete": "a picture for guides",
    "join_way": "a picture for guides",
    "join_way_change": "a picture for guides",
    "customer_transfer": "WeCom's own word that her guide changes; she may decline it there",
    "group_transfer": "says nothing",
    "tag_mark": "says nothing",
    "corp_tag": "says nothing",
    "corp_tag_change": "says nothing",
    "corp_tag_delete": "says nothing",
    "remark": "says nothing",
    "moment": "shown to who looks; nobody is addressed",
    "moment_cancel": "takes back what was to be shown",
    "group_welcome": "a text at WeCom, sent by WeCom to who joins a group herself",
}
