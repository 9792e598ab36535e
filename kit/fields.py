"""Public ids, encrypted text and blind indexes as model fields.

Encryption is AES-256-GCM of `cryptography`; the associated data ties a value to its field and row,
so a ciphertext moved elsewhere does not open. Whatever fails raises: there is no fallback.
"""

from __future__ import annotations

import base64
import hmac
import os
import time
import uuid
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


class DecryptError(Exception):
    """A stored value could not be opened: wrong key, wrong row, or altered bytes."""


# ---------------------------------------------------------------- public ids


def new_public_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits. Made here since
    PostgreSQL has `uuidv7()` only from 18 on, and encryption needs the id before the insert.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = int.from_bytes(milliseconds.to_bytes(6, "big") + os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=value)


def shown_id(public_id: uuid.UUID) -> str:
    """The 22 characters that stand in URLs and APIs."""
    return base64.urlsafe_b64encode(public_id.bytes).rstrip(b"=").decode()


def read_id(text: str) -> uuid.UUID:
    """The reverse of `shown_id`. Raises ValueError on anything but 22 characters of it."""
    if len(text) != 22:
        raise ValueError("a public id has 22 characters")
    return uuid.UUID(bytes=base64.urlsafe_b64decode(text.encode("ascii") + b"=="))


if TYPE_CHECKING:
    _UUIDField = models.UUIDField[uuid.UUID, uuid.UUID]
    _BinaryField = models.BinaryField[str | None, str | None]
else:
    _UUIDField, _BinaryField = models.UUIDField, models.BinaryField


class PublicIdField(_UUIDField):
    """The id that may leave the house; integer keys stay inside."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.update(default=new_public_id, unique=True, editable=False)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for key in ("default", "unique", "editable"):
            kwargs.pop(key, None)
        return name, path, args, kwargs


class PublicIdConverter:
    """Path converter `<public:id>` of Django's URLs."""

    regex = "[A-Za-z0-9_-]{22}"

    def to_python(self, value: str) -> uuid.UUID:
        return read_id(value)

    def to_url(self, value: uuid.UUID | str) -> str:
        return value if isinstance(value, str) else shown_id(value)


# ---------------------------------------------------------------- sealing


@lru_cache(maxsize=4)
def _keys(text: str) -> dict[str, AESGCM]:
    keys: dict[str, AESGCM] = {}
    for entry in filter(None, text.split(",")):
        key_id, _, encoded = entry.partition(":")
        if len(key_id) != 2 or not encoded:
            raise ImproperlyConfigured("FIELD_KEYS is id:base64,id:base64 with ids of 2 characters")
        key = base64.b64decode(encoded, validate=True)
        if len(key) != 32:
            raise ImproperlyConfigured("each of FIELD_KEYS has 32 bytes")
        keys[key_id] = AESGCM(key)
    if not keys:
        raise ImproperlyConfigured("FIELD_KEYS is empty: personal fields cannot be written")
    return keys


def seal(text: str, bound_to: str) -> bytes:
    """Encrypt under the first key. `bound_to` names the place the value belongs to."""
    key_id, key = next(iter(_keys(settings.FIELD_KEYS).items()))
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + key_id.encode() + nonce + key.encrypt(nonce, text.encode(), bound_to.encode())


def unseal(sealed: bytes, bound_to: str) -> str:
    """Decrypt with the key the value names. Raises DecryptError, never returns a guess."""
    if len(sealed) < 3 + _NONCE_BYTES + 16 or sealed[:1] != _VERSION:
        raise DecryptError("not a sealed value")
    key = _keys(settings.FIELD_KEYS).get(sealed[1:3].decode("ascii", "replace"))
    if key is None:
        raise DecryptError("the key of this value is not configured")
    nonce, body = sealed[3 : 3 + _NONCE_BYTES], sealed[3 + _NONCE_BYTES :]
    try:
        return key.decrypt(nonce, body, bound_to.encode()).decode()
    except InvalidTag as error:
        raise DecryptError("the value was altered or belongs elsewhere") from error


def blind_index(kind: str, value: str, *, within: str) -> bytes:
    """32 bytes that are equal for equal values: HMAC-SHA256 under a key of its own.

    `within` (a legal entity's public id) keeps the tables of two entities from being joined.
    """
    key = base64.b64decode(settings.BLIND_INDEX_KEY, validate=True)
    if len(key) < 32:
        raise ImproperlyConfigured("BLIND_INDEX_KEY has at least 32 bytes in base64")
    return hmac.new(key, f"{within}|{kind}|{value}".encode(), sha256).digest()


class _SealedBytes(bytes):
    """What came from the database and was not opened yet."""


class _SealedAttribute(DeferredAttribute):
    """Opens the value at the first look, with the id of the row it stands in."""

    field: SealedTextField

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, _SealedBytes):
            return value
        opened = unseal(bytes(value), self.field.place_in(instance))
        instance.__dict__[self.field.attname] = opened
        return opened

    def __set__(self, instance: models.Model, value: str | bytes | None) -> None:
        instance.__dict__[self.field.attname] = value


class SealedTextField(_BinaryField):
    """Text that is encrypted in the column. The model needs a `public_id`.

    Plain in Python, sealed in the database; `QuerySet.update` and filters on it are refused, since
    neither knows the row. Search goes through a blind index.
    """

    descriptor_class = _SealedAttribute

    def place_in(self, instance: models.Model) -> str:
        """Where a value belongs: field and row. Moved elsewhere it does not open."""
        public_id: uuid.UUID = instance.public_id  # type: ignore[attr-defined]
        return f"{self.model._meta.label_lower}.{self.name}|{public_id}"

    def from_db_value(self, value: bytes | memoryview | None, *_: object) -> bytes | None:
        return None if value is None else _SealedBytes(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, str):
            return _SealedBytes(seal(value, self.place_in(model_instance)))
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        if value is not None and not isinstance(value, _SealedBytes):
            raise TypeError(f"{self.name} is sealed: save the row, do not filter or update by it")
        return super().get_db_prep_value(
            None if value is None else bytes(value), connection, prepared
        )

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.name} is sealed and is not serialized")
