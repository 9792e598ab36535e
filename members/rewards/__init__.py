"""What membership gives: coupons and the welcome gift."""
