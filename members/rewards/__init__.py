"""What membership gives: coupons, the welcome gift. Points and lotteries come with their features."""
