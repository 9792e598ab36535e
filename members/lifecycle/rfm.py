"""Recency, frequency, monetary: cut points, scores 1 to 5, and the published segments.

The method, which is that of the R package `rfm`: the four cut points are the 20, 40, 60 and 80 per
cent quantiles (linear between ranks, R's type 7), and the next class begins one whole unit (a day,
a purchase, a yuan) above each. Equal values always stand in one class: where half of all buyers
bought once, they all have frequency 1, and nobody is better than another by the order of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

CLASSES: Final = 5
SHARES: Final = (0.2, 0.4, 0.6, 0.8)

# Name, Chinese, and the range of R, F and M; the first that fits holds.
SEGMENTS: Final[Sequence[tuple[str, str, tuple[int, int], tuple[int, int], tuple[int, int]]]] = (
    ("Champions", "冠军客户", (4, 5), (4, 5), (4, 5)),
    ("Loyal Customers", "忠诚客户", (2, 5), (3, 5), (3, 5)),
    ("Potential Loyalist", "潜力忠诚客户", (3, 5), (1, 3), (1, 3)),
    ("New Customers", "新客户", (4, 5), (1, 1), (1, 1)),
    ("Promising", "有望客户", (3, 4), (1, 1), (1, 1)),
    ("Need Attention", "需要关注", (2, 3), (2, 3), (2, 3)),
    ("About To Sleep", "即将沉睡", (2, 3), (1, 2), (1, 2)),
    ("At Risk", "有流失风险", (1, 2), (2, 5), (2, 5)),
    ("Can't Lose Them", "不能失去", (1, 1), (4, 5), (4, 5)),
    ("Lost", "已经流失", (1, 2), (1, 2), (1, 2)),
)
OTHERS: Final = ("Others", "其他")


def bounds_of(values: NDArray[np.int64], unit: int = 1) -> list[float]:
    """Where each next class begins; `unit` is one day, one purchase, one yuan in these values."""
    return [float(cut) + unit for cut in np.quantile(values, SHARES)]


def classes_of(values: NDArray[np.int64], bounds: Sequence[float]) -> NDArray[np.int64]:
    """The class of each value, 1 the lowest; PostgreSQL's `width_bucket` counts alike."""
    return 1 + np.searchsorted(np.asarray(bounds, dtype=float), values, side="right")


def segment_of(rfm: str) -> tuple[str, str]:
    """The published segment of a score like "543", its English and its Chinese name."""
    if len(rfm) != 3:
        return OTHERS
    recency, frequency, monetary = (int(digit) for digit in rfm)
    for name, chinese, r, f, m in SEGMENTS:
        if r[0] <= recency <= r[1] and f[0] <= frequency <= f[1] and m[0] <= monetary <= m[1]:
            return name, chinese
    return OTHERS
