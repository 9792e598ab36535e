"""Pure facts about a card's rotating code: its time, its text, its number, and how one is read.

The text says which key and which slice of time made it, and an HMAC that only we can make. It holds
nothing of the member: whose it is only our table says.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

STEP_SECONDS = 45
# The slice before counts too: nobody shows a card in the second in which it turns.
SLICES_BACK = 1
NUMBER_DIGITS = 12
_TEXT = re.compile(r"GH([0-9A-Z]{4})([0-9A-Z]{6})([A-Z2-7]{26})")
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card shows for one slice of time: a text to scan, a number to type."""

    text: str
    number: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a till read: of which slice the text says it is; a typed number says nothing."""

    is_number: bool
    value: str
    step: int | None = None


def step_at(seconds: float) -> int:
    """The slice of time in which a moment lies."""
    return int(seconds // STEP_SECONDS)


def seconds_left(seconds: float) -> int:
    """How long the slice still lasts, at least one second."""
    return max(1, int(STEP_SECONDS - seconds % STEP_SECONDS))


def card_keys(field_keys: str) -> dict[str, bytes]:
    """Keys of cards by their id, made from those of the fields: the first signs, all verify."""
    found = {}
    for entry in filter(None, field_keys.split(",")):
        key_id, _, encoded = entry.partition(":")
        maker = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"member card")
        found[key_id] = maker.derive(base64.b64decode(encoded, validate=True))
    return found


def shown_for(key_id: str, key: bytes, *, member: str, step: int, nonce: int) -> Shown:
    """The code of a member in a slice; the same again for the same, unguessable without the key."""
    mac = hmac.new(key, f"{member}|{step}|{nonce}".encode(), sha256).digest()
    told = key_id.encode().hex().upper()
    text = f"GH{told}{_base36(step)}{base64.b32encode(mac[:16]).decode().rstrip('=')}"
    number = int.from_bytes(mac[16:], "big") % 10**NUMBER_DIGITS
    return Shown(text, f"{number:0{NUMBER_DIGITS}d}")


def read_code(text: str) -> Read | None:
    """What a till sent, as text or number; None for what cannot be a code of ours."""
    plain = "".join(text.split()).upper()
    if len(plain) == NUMBER_DIGITS and plain.isascii() and plain.isdigit():
        return Read(is_number=True, value=plain)
    found = _TEXT.fullmatch(plain)
    if found is None:
        return None
    return Read(is_number=False, value=plain, step=int(found.group(2), 36))


def holds(step: int, now: int) -> bool:
    """Whether a code of that slice still counts."""
    return now - SLICES_BACK <= step <= now


def _base36(number: int) -> str:
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits
