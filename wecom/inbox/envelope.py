"""The envelope around a callback: signature, decryption, refusals. Pure: no Django, no clock.

Everything here happens before the payload is read as XML; from the outer body only the one Encrypt
element is taken, by a pattern that allows nothing else in it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from dataclasses import dataclass
from hashlib import sha1
from typing import Final
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

# WeCom repeats a callback within seconds; a clock may be wrong by minutes, not more.
MAX_AGE_SECONDS: Final = 300
MAX_BYTES: Final = 64 * 1024
_BLOCK: Final = 32
_RANDOM: Final = 16

_ENCRYPT = re.compile(
    rb"<Encrypt>\s*(?:<!\[CDATA\[([A-Za-z0-9+/]+={0,2})\]\]>|([A-Za-z0-9+/]+={0,2}))\s*</Encrypt>"
)
_JSON_ENCRYPT = re.compile(rb'"encrypt"\s*:\s*"((?:[A-Za-z0-9+/]|\\/)+={0,2})"')
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class Refused(Exception):
    """A callback that is not believed. `status` is a 4xx; the text goes to the log, not outside."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Signed:
    """The three signing parameters of a callback's address."""

    signature: str
    timestamp: str
    nonce: str


class Envelope:
    """Opens what one application of one corp receives.

    `receive_id` is the corp id, or nothing for a smart robot; Tencent appends it to every text so
    that a text encrypted for somebody else under the same key is noticed. With `is_json` bodies
    and texts are JSON instead of XML.
    """

    def __init__(self, *, token: str, aes_key: str, receive_id: str, is_json: bool = False) -> None:
        key = base64.b64decode(aes_key + "=", validate=True)
        if len(key) != 32:
            raise ValueError("an EncodingAESKey has 43 characters")
        self._token = token
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._receive_id = receive_id.encode()
        self.encrypted_part = _json_part if is_json else _xml_part
        self.text_of = _json_text if is_json else _xml_text

    def open(self, signed: Signed, encrypted: str, *, now: float) -> bytes:
        """The decrypted text. Raises Refused for age, signature, padding or receive id."""
        self._check_age(signed.timestamp, now)
        self._check_signature(signed, encrypted)
        return self._decrypt(encrypted)

    def _check_age(self, timestamp: str, now: float) -> None:
        if not _TIMESTAMP.fullmatch(timestamp):
            raise Refused("timestamp is not a number")
        if abs(now - int(timestamp)) > MAX_AGE_SECONDS:
            raise Refused("timestamp is stale", 403)

    def _check_signature(self, signed: Signed, encrypted: str) -> None:
        parts = sorted((self._token, signed.timestamp, signed.nonce, encrypted))
        expected = sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(expected.encode(), signed.signature.encode()):
            raise Refused("signature does not match", 403)

    def _decrypt(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Refused("not base64") from error
        if not sealed or len(sealed) % 16:
            raise Refused("not whole blocks")
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= min(_BLOCK, len(plain)) or plain[-pad:] != bytes([pad]) * pad:
            raise Refused("padding is wrong", 403)
        start = _RANDOM + 4
        end = start + int.from_bytes(plain[_RANDOM:start], "big")
        if end > len(plain) - pad:
            raise Refused("length is wrong", 403)
        if not hmac.compare_digest(plain[end:-pad], self._receive_id):
            raise Refused("receive id is not ours", 403)
        return plain[start:end]


def _xml_part(body: bytes) -> str:
    """The content of the one Encrypt element of an outer body, nothing else of it being read."""
    if not body.lstrip().startswith(b"<xml>") or not body.rstrip().endswith(b"</xml>"):
        raise Refused("not a callback body")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Refused("a document type is not taken")
    found = _ENCRYPT.findall(body)
    if len(found) != 1 or body.count(b"<Encrypt") != 1:
        raise Refused("not exactly one Encrypt element")
    in_cdata, bare = found[0]
    return (in_cdata or bare).decode("ascii")


def _json_part(body: bytes) -> str:
    """The value of the one `encrypt` of an outer JSON body, nothing else of it being read."""
    if not body.lstrip().startswith(b"{") or not body.rstrip().endswith(b"}"):
        raise Refused("not a callback body")
    found = _JSON_ENCRYPT.findall(body)
    if len(found) != 1 or body.count(b'"encrypt"') != 1:
        raise Refused("not exactly one encrypt")
    # PHP writes a slash as "\\/".
    return str(found[0].decode("ascii").replace("\\/", "/"))


def _json_text(plain: bytes) -> str:
    """A decrypted payload as text, after it was seen to be one JSON object, not too deep."""
    try:
        text = plain.decode()
        if not isinstance(json.loads(text), dict):
            raise Refused("payload is no object")
    except (ValueError, RecursionError) as error:
        raise Refused("payload is not JSON") from error
    return text


def _xml_text(plain: bytes) -> str:
    """A decrypted payload as text, after a pass that builds nothing: well-formed, no document type.

    Only genuine messages come this far; what is refused here would be poison to every reader.
    """
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(plain, True)  # noqa: FBT003 - expat takes no keywords
        return plain.decode()
    except (expat.ExpatError, UnicodeDecodeError) as error:
        raise Refused("payload is not XML") from error


def _refuse_doctype(*_: object) -> None:
    raise Refused("a document type is not taken")
