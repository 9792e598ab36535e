"""The tables of this floor, imported from its rooms for Django to find them."""

from stores.catalogue.models import Product, Stock
from stores.commission.models import (
    Commission,
    CommissionPlan,
    LateCredit,
    SettledLine,
    SettledStore,
    Settlement,
    Target,
)
from stores.conversions.models import Credit, CreditRule, RuleTrial, TrialShare
from stores.conversions.models_of_rulings import Ruling
from stores.disputes.models import Dispute, DisputeParty
from stores.figures.models import (
    CohortMonth,
    FigureDifference,
    FigureMark,
    FigureProof,
    GuideDay,
    Origin,
    SourceDay,
    StoreDay,
)
from stores.figures.models_of_lift import Arm
from stores.ledger.models import (
    MergedMember,
    Ownership,
    PurchaseLine,
    ReceiptKey,
    ReceiptMember,
    Touch,
    TouchKey,
)
from stores.ledger.models_of_imports import (
    PurchaseFilePiece,
    PurchaseImport,
    PurchaseImportFault,
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
    "Arm",
    "CohortMonth",
    "Commission",
    "CommissionPlan",
    "Credit",
    "CreditRule",
    "Dispute",
    "DisputeParty",
    "FigureDifference",
    "FigureMark",
    "FigureProof",
    "Guide",
    "GuideDay",
    "HandOver",
    "HandOverShare",
    "LateCredit",
    "LegalEntity",
    "MachineKey",
    "MergedMember",
    "OpeningHours",
    "Origin",
    "Ownership",
    "Product",
    "PurchaseFilePiece",
    "PurchaseImport",
    "PurchaseImportFault",
    "PurchaseLine",
    "ReceiptKey",
    "ReceiptMember",
    "Region",
    "RuleTrial",
    "Ruling",
    "SettledLine",
    "SettledStore",
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
