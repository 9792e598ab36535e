"""The only code that speaks WeCom: client, inbox, outbox, sandbox."""
