"""Identifiers in WeCom's shapes, the same again under the same seed and order of acts."""

import base64
import hashlib

from .store import Store

# Ids hold letters and digits only; the rare others of base64 become letters too.
LETTERS_ONLY = bytes.maketrans(b"+/=", b"xyz")


class Ids:
    """Counts per kind in the store and turns the count into an opaque id."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.seed = seed

    def next_number(self, kind: str) -> int:
        """The next number of a kind, beginning at 1."""
        return int(
            self.store.value(
                "INSERT INTO counter VALUES (?, 1)"
                " ON CONFLICT (kind) DO UPDATE SET n = n + 1 RETURNING n",
                kind,
            )
        )

    def take_numbers(self, kind: str, many: int) -> int:
        """Reserve ``many`` numbers and give the first."""
        last = self.store.value(
            "INSERT INTO counter VALUES (?, ?)"
            " ON CONFLICT (kind) DO UPDATE SET n = n + excluded.n RETURNING n",
            kind,
            many,
        )
        return int(last) - many + 1

    def derive(self, kind: str, what: object, length: int, prefix: str = "") -> str:
        """An id that depends on the seed and on ``what`` alone."""
        wanted = length - len(prefix)
        digest = hashlib.sha512(f"{self.seed}|{kind}|{what}".encode()).digest()
        letters = base64.b64encode(digest).translate(LETTERS_ONLY)
        while len(letters) < wanted:
            digest = hashlib.sha512(digest).digest()
            letters += base64.b64encode(digest).translate(LETTERS_ONLY)
        return prefix + letters[:wanted].decode()

    def new(self, kind: str, length: int = 32, prefix: str = "") -> str:
        """The next id of a kind."""
        return self.derive(kind, self.next_number(kind), length, prefix)

    def new_hex(self, kind: str) -> str:
        """The next id of a kind as 32 hexadecimal digits (config ids, versions)."""
        text = f"{self.seed}|{kind}|{self.next_number(kind)}".encode()
        return hashlib.sha256(text).hexdigest()[:32]
