"""The sandbox as WeCom, for tests of this floor that ask; and every address behind its house."""

from __future__ import annotations

from tests.wecom.conftest import no_tokens, sandbox_process, wecom

__all__ = ["no_tokens", "sandbox_process", "wecom"]
