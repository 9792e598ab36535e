"""Changes of places, people and keys that are more than a form's row."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.hashers import make_password

from kit.actions import action
from kit.actor import Actor
from kit.events import emit
from kit.fields import shown_id
from stores.org.errors import UnfairPin
from stores.org.keys import digest_of, new_key
from stores.org.models import Account, Guide, MachineKey
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


@action
def hire_guide(guide: Guide, *, by: Actor) -> None:
    """Save a new guide with an account that no password opens: she has WeCom and her PIN."""
    if not guide.account_id:
        number = guide.employee_no
        guide.account = Account.objects.create_user(number, None, name=guide.name)
    guide.save()
    emit("guide_joined", subject=f"guide:{shown_id(guide.public_id)}", guide_no=guide.pk)


@action
def record_leaving(guide: Guide, *, on: date, by: Actor) -> None:
    """A guide leaves: her account closes at once, and what she leaves behind hears of it.

    A second time only moves the date.
    """
    was_working = not Guide.objects.filter(pk=guide.pk, left_on__isnull=False).exists()
    guide.left_on = on
    guide.save(update_fields=["left_on"])
    Account.objects.filter(pk=guide.account_id).update(is_active=False)
    if was_working:
        emit("guide_left", subject=f"guide:{shown_id(guide.public_id)}", guide_no=guide.pk)


@action
def record_moving(guide: Guide, *, from_store: int, by: Actor) -> None:
    """She works in another store from now on; those she leaves there hear of it.

    Saving the same store again moves nobody.
    """
    guide.save(update_fields=["store"])
    if guide.store_id != from_store:
        emit(
            "guide_moved",
            subject=f"guide:{shown_id(guide.public_id)}",
            guide_no=guide.pk,
            from_store=from_store,
        )


@action
def record_return(guide: Guide, *, by: Actor) -> None:
    """She works here again: her account opens. Repeating is harmless."""
    guide.left_on = None
    guide.save(update_fields=["left_on"])
    Account.objects.filter(pk=guide.account_id).update(is_active=True)


@action
def take_new_userid(userid: str, new_userid: str, *, by: Actor) -> bool:
    """A guide's id changed at WeCom. False when nobody has the old one, or somebody the new."""
    if Guide.objects.filter(wecom_userid=new_userid.lower()).exists():
        return False
    return bool(
        Guide.objects.filter(wecom_userid=userid.lower()).update(wecom_userid=new_userid.lower())
    )


@action
def issue_key(key: MachineKey, *, by: Actor) -> str:
    """Save a new machine key and give its text, the only time that anybody sees it."""
    text = new_key()
    key.digest = digest_of(text)
    key.save()
    return text
