"""What HQ's pages ask of the wiring."""
