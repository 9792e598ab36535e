"""The tables of this floor, imported from its rooms for Django to find them."""

from stores.catalogue.models import Product, Stock
from stores.commission.models import Commission, CommissionPlan, SettledLine, Settlement, Target
from stores.conversions.models import Credit, CreditRule, RuleTrial, TrialShare
from stores.figures.models import (
    FigureDifference,
    FigureMark,
    FigureProof,
    GuideDay,
    Origin,
    SourceDay,
    StoreDay,
)
from stores.ledger.models import (
    MergedMember,
    Ownership,
    PurchaseLine,
    ReceiptKey,
    ReceiptMember,
    Touch,
    TouchKey,
)
from stores.org.models import (
    Account,
    Guide,
    HandOver,
    HandOverShare,
    LegalEntity,
    MachineKey,
    OpeningHours,
    Region,
    Store,
)
from stores.org.models_of_duty import Shift

__all__ = [
    "Account",
    "Commission",
    "CommissionPlan",
    "Credit",
    "CreditRule",
    "FigureDifference",
    "FigureMark",
    "FigureProof",
    "Guide",
    "GuideDay",
    "HandOver",
    "HandOverShare",
    "LegalEntity",
    "MachineKey",
    "MergedMember",
    "OpeningHours",
    "Origin",
    "Ownership",
    "Product",
    "PurchaseLine",
    "ReceiptKey",
    "ReceiptMember",
    "Region",
    "RuleTrial",
    "SettledLine",
    "Settlement",
    "Shift",
    "SourceDay",
    "Stock",
    "Store",
    "StoreDay",
    "Target",
    "Touch",
    "TouchKey",
    "TrialShare",
]
