"""Drawn covers: a material without a photo still has a face. Lines and tones, no text in them."""

from __future__ import annotations

from dataclasses import dataclass

from groups.content.models import Material
from stores.catalogue.models import Product

# A thing of each category, in lines on a field of 120 × 90.
_DRAWINGS = {
    "配饰": "M46 20c8 6 20 6 28 0l6 12c-6 8-10 10-20 10s-14-2-20-10zM52 42l-6 34M60 43v36",
    "外套": "M46 16l14 8 14-8 14 14-8 10-4-4v42H44V36l-4 4-8-10zM60 24v54M54 44h-6M66 44h6",
    "上装": "M46 20c4 8 24 8 28 0l16 12-8 12-6-4v32H44V40l-6 4-8-12zM44 66h32",
    "下装": "M44 14h32l6 62H66l-6-42-6 42H38zM44 22h32",
    "连衣裙": "M50 14c2 8 18 8 20 0l4 24-4 8 16 30H34l16-30-4-8zM50 46h20",
    "鞋包": "M34 36h52l-6 40H40zM48 36c0-22 24-22 24 0M34 50h52",
}
_LETTER = "M32 24h56v42H32zM32 26l28 22 28-22"


@dataclass(frozen=True, slots=True)
class Cover:
    """A drawing and one of three tones of the look."""

    lines: str
    tone: str


def cover_of_product(product: Product) -> Cover:
    """Its category's thing; neighbours differ in tone."""
    return Cover(_DRAWINGS.get(product.category, _LETTER), "abc"[product.pk % 3])


def cover_of(material: Material) -> Cover:
    """The thing of its first product; without one, a letter. Reads prefetched variants."""
    for variant in material.variants.all():
        if variant.product is not None:
            return Cover(cover_of_product(variant.product).lines, "abc"[material.pk % 3])
    return Cover(_LETTER, "abc"[material.pk % 3])
