"""The admin screens of this floor, imported from its rooms for Django to find them."""

from stores.catalogue.admin import ProductAdmin, StockAdmin
from stores.commission.admin import (
    CommissionAdmin,
    CommissionPlanAdmin,
    SettlementAdmin,
    TargetAdmin,
)
from stores.conversions.admin import CreditAdmin, CreditRuleAdmin
from stores.disputes.admin import DisputeAdmin
from stores.figures.admin import ArmAdmin, FigureProofAdmin, StoreDayAdmin
from stores.ledger.admin import (
    OwnershipAdmin,
    PurchaseLineAdmin,
    ReceiptMemberAdmin,
    TouchAdmin,
)
from stores.ledger.admin_of_files import PurchaseImportAdmin
from stores.org.admin import (
    AccountAdmin,
    GuideAdmin,
    LegalEntityAdmin,
    MachineKeyAdmin,
    RegionAdmin,
    StoreAdmin,
)
from stores.org.admin_of_duty import ShiftAdmin

__all__ = [
    "AccountAdmin",
    "ArmAdmin",
    "CommissionAdmin",
    "CommissionPlanAdmin",
    "CreditAdmin",
    "CreditRuleAdmin",
    "DisputeAdmin",
    "FigureProofAdmin",
    "GuideAdmin",
    "LegalEntityAdmin",
    "MachineKeyAdmin",
    "OwnershipAdmin",
    "ProductAdmin",
    "PurchaseImportAdmin",
    "PurchaseLineAdmin",
    "ReceiptMemberAdmin",
    "RegionAdmin",
    "SettlementAdmin",
    "ShiftAdmin",
    "StockAdmin",
    "StoreAdmin",
    "StoreDayAdmin",
    "TargetAdmin",
    "TouchAdmin",
]
