"""Changes of places, people and keys that are more than a form's row."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from stores.org.errors import UnfairPin
from stores.org.models import Guide
from stores.org.rules import fault_of_pin


@action
def set_pin(guide: Guide, *, pin: str, by: Actor) -> None:
    """Give a guide a PIN, hashed. Again with the same PIN only salts anew.

    Raises UnfairPin for one that is too easy to guess.
    """
    fault = fault_of_pin(pin)
    if fault:
        raise UnfairPin(fault)
    guide.pin_hash = make_password(pin)
    guide.save(update_fields=["pin_hash"])
    emit("pin_set", subject=f"guide:{shown_id(guide.public_id)}")


@action
def choose_thumb_side(guide: Guide, *, side: str, by: Actor) -> None:
    """Put the rail at the thumb she holds the iPad with: `left` or `right`. ValueError else."""
    if side not in ("left", "right"):
        raise ValueError(side)
    Guide.objects.filter(pk=guide.pk).update(thumb_side=side)
