"""The admin screens of this floor, imported from its rooms for Django to find them."""

from stores.catalogue.admin import ProductAdmin
from stores.org.admin import (
    AccountAdmin,
    GuideAdmin,
    LegalEntityAdmin,
    MachineKeyAdmin,
    RegionAdmin,
    StoreAdmin,
)

__all__ = [
    "AccountAdmin",
    "GuideAdmin",
    "LegalEntityAdmin",
    "MachineKeyAdmin",
    "ProductAdmin",
    "RegionAdmin",
    "StoreAdmin",
]
