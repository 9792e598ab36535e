"""The shell of the iPad: sign-in, rail, Today, live hints."""
