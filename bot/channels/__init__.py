"""Where the bot hears and where it may speak: chat archive of customer groups, customer service."""
