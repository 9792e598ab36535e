"""What is summed, and from which facts: one list, from which tables and statements are made.

Every measure adds up: over days, over guides of a table, over stores. Nothing else is in here.
"""

from __future__ import annotations

from typing import Final

# Column → kind of touch; each touch is recorded once, so they are counted, not people.
TOUCHES: Final[dict[str, str]] = {
    "scans": "scan",
    "new_members": "registration",
    "friends": "friend",
    "welcomes": "welcome",
    "group_joins": "group_join",
    "group_leaves": "group_leave",
    "pushes": "push",
    "link_opens": "link_open",
    "calls": "call",
    "visits": "visit",
    "bot_answers": "bot_answer",
    "drafts_sent": "draft_sent",
    "coupons_used": "coupon_used",
    "referrals": "referral",
}

# Column → an expression over `c`, a credit of the cell, and `b`, what its buyer had bought before.
CREDITS: Final[dict[str, str]] = {
    "sales": "sum(c.amount)",
    "refunds": "sum(c.amount) FILTER (WHERE c.refund_of <> '')",
    "kept": "sum(c.kept)",
    "receipts": "count(DISTINCT (c.source, c.receipt_no)) FILTER (WHERE c.kept > 0)",
    "buyers": "count(DISTINCT c.member_no) FILTER (WHERE c.kept > 0)",
    "first_buyers": "count(DISTINCT c.member_no)"
    " FILTER (WHERE c.kept > 0 AND b.days = 0 AND b.is_here)",
    "second_buyers": "count(DISTINCT c.member_no)"
    " FILTER (WHERE c.kept > 0 AND b.days = 1 AND b.is_here)",
    "came_back": "count(DISTINCT c.member_no) FILTER (WHERE c.kept > 0 AND b.days > 0)",
    "closed_sales": "sum(c.amount) FILTER (WHERE c.was_open = false)",
    "timed_sales": "sum(c.amount) FILTER (WHERE c.was_open IS NOT NULL)",
}

# Column → an expression over `l`, a purchase line of the cell: everybody's sales, credited or not.
LINES: Final[dict[str, str]] = {
    "all_sales": "sum(l.amount)",
    "all_refunds": "sum(l.amount) FILTER (WHERE l.amount < 0)",
    "all_receipts": "count(DISTINCT (l.source, l.receipt_no)) FILTER (WHERE l.is_sale)",
    "member_sales": "sum(l.amount) FILTER (WHERE l.is_member)",
    "member_receipts": "count(DISTINCT (l.source, l.receipt_no))"
    " FILTER (WHERE l.is_sale AND l.is_member)",
    "sold": "sum(l.amount) FILTER (WHERE l.is_sale)",
    "timed_sold": "sum(l.amount) FILTER (WHERE l.is_sale AND l.was_open IS NOT NULL)",
    "closed_sold": "sum(l.amount) FILTER (WHERE l.is_sale AND l.was_open = false)",
    "placed_sold": "sum(l.amount) FILTER (WHERE l.is_sale AND l.is_outside IS NOT NULL)",
    "outside_sold": "sum(l.amount) FILTER (WHERE l.is_sale AND l.is_outside)",
}

SHARED: Final = (*TOUCHES, *CREDITS)
EVERYTHING: Final = (*SHARED, *LINES)

WORDS: Final[dict[str, str]] = {
    "scans": "扫码",
    "new_members": "新增会员",
    "friends": "加企微",
    "welcomes": "欢迎语",
    "group_joins": "入群",
    "group_leaves": "退群",
    "pushes": "群发送达",
    "link_opens": "打开链接",
    "calls": "电话",
    "visits": "到店",
    "bot_answers": "小助手回答",
    "drafts_sent": "导购回复",
    "coupons_used": "用券",
    "referrals": "老带新",
    "sales": "归属销售（分，已扣退货）",
    "refunds": "退货（分）",
    "kept": "退货后留下（分）",
    "receipts": "归属订单",
    "buyers": "下单会员人次",
    "first_buyers": "首购会员",
    "second_buyers": "首次复购会员",
    "came_back": "复购会员人次",
    "closed_sales": "闭店后归属销售（分）",
    "timed_sales": "知道是否营业的归属销售（分）",
    "all_sales": "全部销售（分，已扣退货）",
    "all_refunds": "全部退货（分）",
    "all_receipts": "全部订单",
    "member_sales": "会员销售（分，已扣退货）",
    "member_receipts": "会员订单",
    "sold": "卖出（分，退货前）",
    "timed_sold": "知道是否营业的卖出（分）",
    "closed_sold": "闭店后卖出（分）",
    "placed_sold": "知道位置的卖出（分）",
    "outside_sold": "商圈外卖出（分）",
}
