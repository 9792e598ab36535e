"""Identifiers in WeCom's shapes, the same again under the same seed and order of acts."""

import hashlib

from .store import Store

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


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
        text = f"{self.seed}|{kind}|{what}".encode()
        number = int.from_bytes(hashlib.sha512(text).digest(), "big")
        letters = []
        # 64 bytes of hash carry 85 letters; longer ids (tokens) are hashed in parts.
        for place in range(length - len(prefix)):
            if place and place % 80 == 0:
                text = hashlib.sha512(text).digest()
                number = int.from_bytes(hashlib.sha512(text).digest(), "big")
            number, rest = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[rest])
        return prefix + "".join(letters)

    def new(self, kind: str, length: int = 32, prefix: str = "") -> str:
        """The next id of a kind."""
        return self.derive(kind, self.next_number(kind), length, prefix)

    def new_hex(self, kind: str) -> str:
        """The next id of a kind as 32 hexadecimal digits (config ids, versions)."""
        text = f"{self.seed}|{kind}|{self.next_number(kind)}".encode()
        return hashlib.sha256(text).hexdigest()[:32]
