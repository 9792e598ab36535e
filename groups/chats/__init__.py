"""Customer groups as WeCom lists them: who owns them, who is in them, since when."""
