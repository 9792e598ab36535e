"""WeCom's message envelope: AES-256-CBC, PKCS#7 to 32 bytes, SHA-1 signature.

Written from the vendor's description; the test vectors of its public samples hold it.
"""

import base64
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class BadEnvelope(ValueError):
    """The ciphertext, the signature or the receiver id is not right."""


def decode_aes_key(encoding_aes_key: str) -> bytes:
    """The 32 key bytes of a 43-letter EncodingAESKey."""
    key = base64.b64decode(encoding_aes_key + "=")
    if len(encoding_aes_key) != 43 or len(key) != 32:
        raise BadEnvelope("EncodingAESKey must have 43 letters")
    return key


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """msg_signature over the sorted parts."""
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324 - the protocol's hash


def encrypt(
    encoding_aes_key: str,
    message: str,
    receive_id: str,
    random_prefix: bytes | None = None,
) -> str:
    """The base64 text of ``Encrypt``; the prefix is random unless a test fixes it."""
    body = message.encode()
    prefix = random_prefix if random_prefix is not None else secrets.token_bytes(16)
    plain = prefix + struct.pack(">I", len(body)) + body + receive_id.encode()
    return base64.b64encode(encrypt_bytes(encoding_aes_key, plain)).decode()


def encrypt_bytes(encoding_aes_key: str, plain: bytes) -> bytes:
    """Padded and enciphered, without an envelope: as robots' files travel."""
    key = decode_aes_key(encoding_aes_key)
    missing = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()


def decrypt(encoding_aes_key: str, encrypted: str, receive_id: str) -> str:
    """The message inside; refuses a wrong padding, length or receiver id."""
    key = decode_aes_key(encoding_aes_key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
    except ValueError as error:
        raise BadEnvelope("not a ciphertext") from error
    pad = plain[-1] if plain else 0
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise BadEnvelope("padding is wrong")
    plain = plain[16:-pad]
    if len(plain) < 4:
        raise BadEnvelope("too short")
    (length,) = struct.unpack(">I", plain[:4])
    body, receiver = plain[4 : 4 + length], plain[4 + length :]
    if len(body) != length or not hmac.compare_digest(receiver, receive_id.encode()):
        raise BadEnvelope("length or receiver id is wrong")
    return body.decode()
