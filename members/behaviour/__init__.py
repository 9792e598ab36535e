"""What members did in the mini program, the app and the web shop, as far as they allow it."""
