"""Answers the bot wrote for a guide, who sends them."""
