"""What the command line decides."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How one sandbox process is started."""

    db: str = ":memory:"
    public_url: str = "http://127.0.0.1:8000"
    seed: int = 1
    host: str = "127.0.0.1"
    port: int = 8010

    def public(self, path: str) -> str:
        """An address that works in a customer's browser or inside a QR code."""
        return self.public_url.rstrip("/") + path
