"""Numbers of very many members as bitmaps, one per binary digit: compared without touching a row.

After O'Neil and Quass, "Improved query performance with variant indexes" (1997).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

Ids = NDArray[np.int64]
# Bitmaps of 32 bits hold member numbers up to here; beyond, SQL counts alone.
LARGEST = 2**32 - 1


def bitmap_of(ids: Iterable[int] | Ids) -> BitMap:
    """A bitmap of these numbers. Raises OverflowError beyond LARGEST."""
    array = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), dtype=np.int64)
    if array.size and int(array.max()) > LARGEST:
        raise OverflowError("a member's number has more than 32 bits")
    return BitMap(array.astype(np.uint32))


class Sliced:
    """One whole number ≥ 0 for each member that has one."""

    def __init__(self) -> None:
        self.known: Any = BitMap()
        self.digits: list[Any] = []

    def put(self, ids: Ids, values: NDArray[np.int64]) -> None:
        """These members have these numbers from now on, whatever they had."""
        if not ids.size:
            return
        changed = bitmap_of(ids)
        self.drop(changed)
        self.known |= changed
        for place in range(max(int(values.max()).bit_length(), len(self.digits))):
            if place == len(self.digits):
                self.digits.append(BitMap())
            chosen = ids[(values >> place) & 1 == 1]
            if chosen.size:
                self.digits[place] |= bitmap_of(chosen)

    def raise_to(self, ids: Ids, values: NDArray[np.int64]) -> None:
        """The same, where the new number is larger than the one she has, or she has none."""
        if not ids.size:
            return
        mine = self.of(ids)
        larger = values > mine
        self.put(ids[larger], values[larger])

    def of(self, ids: Ids) -> NDArray[np.int64]:
        """The numbers of these members, -1 without one."""
        asked = bitmap_of(ids)
        found = np.where(_among(self.known, asked, ids), 0, -1).astype(np.int64)
        for place, digit in enumerate(self.digits):
            found += _among(digit, asked, ids).astype(np.int64) << place
        return found

    def drop(self, members: Any) -> None:
        """These members have no number any more."""
        self.known -= members
        for place in range(len(self.digits)):
            self.digits[place] -= members

    def at_least(self, bound: int) -> Any:
        """Whose number is `bound` or more."""
        if bound <= 0:
            return self.known
        if bound.bit_length() > len(self.digits):
            return BitMap()
        same, more = self.known, BitMap()
        for place in range(len(self.digits) - 1, -1, -1):
            if bound >> place & 1:
                same = same & self.digits[place]
            else:
                more = more | (same & self.digits[place])
                same = same - self.digits[place]
        return more | same

    def at_most(self, bound: int) -> Any:
        """Whose number is `bound` or less; who has none is not among them."""
        return self.known - self.at_least(bound + 1)

    def among(self, values: Collection[int]) -> Any:
        """Whose number is one of these."""
        wanted = [value for value in set(values) if 0 <= value < 1 << len(self.digits)]
        return self._among(self.known, wanted, len(self.digits) - 1)

    def _among(self, within: Any, values: list[int], place: int) -> Any:
        if not values or not within:
            return BitMap()
        if place < 0:
            return within
        ones = [value for value in values if value >> place & 1]
        zeros = [value for value in values if not value >> place & 1]
        found = BitMap()
        if ones:
            found = self._among(within & self.digits[place], ones, place - 1)
        if zeros:
            found = found | self._among(within - self.digits[place], zeros, place - 1)
        return found

    def bitmaps(self) -> list[Any]:
        """All there is, for measuring and for keeping: who has a number first, then the digits."""
        return [self.known, *self.digits]


def _among(members: Any, asked: Any, ids: Ids) -> NDArray[np.bool_]:
    found = members & asked
    return np.isin(ids, np.fromiter(found, dtype=np.int64, count=len(found)))
