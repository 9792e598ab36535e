"""Every model says what each of its fields is and how long it is kept.

Masking, export rules, erasure and the published data inventory read these declarations; a test
fails on a model field that has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much harm a leak of the field would do, smallest first (GB/T 43697 in our words)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    PERSONAL_HIGH = "personal-high"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Privacy:
    """What one model declares: the grade of each field, and until when rows are kept."""

    keep: str
    grades: Mapping[str, Grade]


def declare(
    *,
    keep: str,
    public: str = "",
    internal: str = "",
    personal: str = "",
    personal_high: str = "",
    sensitive: str = "",
) -> Privacy:
    """Declare a model's fields, names separated by blanks. Raises ValueError on a name said twice.

    `keep` is the retention in words that a notice could print.
    """
    grades: dict[str, Grade] = {}
    said = {
        Grade.PUBLIC: public,
        Grade.INTERNAL: internal,
        Grade.PERSONAL: personal,
        Grade.PERSONAL_HIGH: personal_high,
        Grade.SENSITIVE: sensitive,
    }
    for grade, names in said.items():
        for name in names.split():
            if name in grades:
                raise ValueError(f"{name} is declared twice")
            grades[name] = grade
    return Privacy(keep=keep, grades=grades)
