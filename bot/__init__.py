"""Understands and answers routine group questions, hands the rest over."""
