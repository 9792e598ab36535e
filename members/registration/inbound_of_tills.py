"""What tills tell of cards: one receipt claimed for two members."""

from __future__ import annotations

from typing import Final

from kit.actions import scope_of
from kit.actor import Actor
from kit.events import DomainEvent
from members.identity.doubles import weigh
from members.registration.tills import was_shown

US: Final = Actor.system("cards at tills")


def receipt_contested(event: DomainEvent) -> None:
    """A receipt of one member was told again with another's card, which this till had just read.

    A card's number alone may be a slip of the cashier's hand: that says nothing.
    """
    said = event.payload
    if said["claim"] != "card":
        return
    with scope_of(US):
        shown = was_shown(said["claimed"], source=said["source"], at=event.at)
    if shown:
        weigh(said["claimed"], said["held"], {"card_shown"}, by=US)
