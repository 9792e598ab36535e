"""What the bot may say: approved articles, and the facts of a store that stand in them."""
