"""The demo's environment: secrets made once and kept, addresses of each start, and the file
others read them from.

Nothing here needs Django: it decides what Django's settings will see.
"""

import base64
import json
import os
import secrets
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.embedded.processes import FolderLock, Say, write_private

PROJECT = Path(__file__).resolve().parents[2]
LOCK_NAME = "demo.lock"
_OWNER_COMMANDS = ("migrate", "flush")
# They need no server of ours and must work in a clean clone.
_PURE_COMMANDS = ("bot_eval", "credit_eval", "lifecycle_fit", "hygiene_eval", "sandbox")
_NO_DEMO_COMMANDS = ("test", "makemigrations")
_WAIT_FOR_A_BEGINNING_SECONDS = 30.0
_WAIT_UNTIL_OPEN_SECONDS = 600.0
_LOOK_EVERY_SECONDS = 0.2


def data_folder() -> Path:
    """Where everything the demo keeps stands; ``DATA_DIR`` moves it."""
    return PROJECT / os.environ.get("DATA_DIR", ".data")


def demo_lock() -> FolderLock:
    """What the one running demo of this folder holds."""
    return FolderLock(data_folder(), LOCK_NAME)


def read_env_file(path: Path) -> dict[str, str]:
    """Read ``KEY=value`` lines, values quoted as a shell would have them; a missing file reads as
    empty.
    """
    if not path.exists():
        return {}
    pairs = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            pairs[name] = "".join(shlex.split(value))
    return pairs


def write_env_file(path: Path, pairs: Mapping[str, str], heading: str) -> None:
    """Write a file that this module, a shell and a plain reader understand; only its owner may
    read it.
    """
    lines = [f"# {heading}", *(f"{name}={shlex.quote(value)}" for name, value in pairs.items())]
    write_private(path, "\n".join(lines) + "\n")


def kept_secrets(folder: Path) -> dict[str, str]:
    """Give the demo's secrets and logins, making those that are missing once and for all.

    They have a file of their own: without them what is in the database can no longer be read.
    """
    path = folder / "secrets.env"
    known = read_env_file(path)
    made = {**_make_secrets(), **known}
    if made != known:
        write_env_file(path, made, "Made once. Without these the demo's data cannot be read.")
    return made


def _make_secrets() -> dict[str, str]:
    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": f"k1:{key()}",
        "BLIND_INDEX_KEY": key(),
        "WECOM_CORP_ID": f"ww{secrets.token_hex(8)}",
        "WECOM_AGENT_ID": "1000002",
        "WECOM_AGENT_SECRET": secrets.token_urlsafe(32),
        # The first application may call the customer API itself, as new corps set it up.
        "WECOM_CONTACT_SECRET": "",
        "WECOM_CALLBACK_TOKEN": secrets.token_hex(12),
        "WECOM_CALLBACK_AES_KEY": _aes_key(),
        "WECOM_APPS": json.dumps({"service": _service_app()}),
        "WECHAT_APP_ID": f"wx{secrets.token_hex(8)}",
        "WECHAT_APP_SECRET": secrets.token_hex(16),
        "SMS_GATEWAY_KEY": secrets.token_urlsafe(24),
        "TILL_KEY": secrets.token_urlsafe(32),
        "HQ_USERNAME": "hq",
        "HQ_PASSWORD": secrets.token_urlsafe(9),
        "GUIDE_PIN": f"{secrets.randbelow(1_000_000):06d}",
    }


def _service_app() -> dict[str, str | int]:
    """The second application of the corp: hears the chat archive and customer service."""
    return {
        "agent_id": 1000003,
        "secret": secrets.token_urlsafe(32),
        "contact_secret": "",
        "callback_token": secrets.token_hex(12),
        "callback_aes_key": _aes_key(),
    }


def _aes_key() -> str:
    """WeCom's form of an AES key: 43 letters and digits, base64 without its last ``=``."""
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        if key.isalnum():
            return key


def load_demo_env(arguments: Sequence[str] | None = None) -> None:
    """Let a command of ``manage.py`` see the running demo, before Django reads its settings.

    ``demo --smoke`` waits until the demo is open. A command whose environment already names a
    database or a broker is left alone, except that ``migrate`` always works as the owner.
    """
    given = sys.argv[1:] if arguments is None else arguments
    command = given[0] if given else ""
    if command == "demo" and "--smoke" not in given:
        # Only so that Django's settings load: the demo's own processes get what is kept.
        _set_missing({"SECRET_KEY": secrets.token_urlsafe(50), "DEMO": "1"})
    elif command == "demo":
        os.environ.update(wait_until_open(_say_aside))
    elif command in _PURE_COMMANDS:
        _set_missing({"SECRET_KEY": secrets.token_urlsafe(50), "DEMO": "1"})
    elif command not in _NO_DEMO_COMMANDS and not _names_its_servers():
        _set_missing(read_env_file(data_folder() / "demo.env"))
    if command in _OWNER_COMMANDS and os.environ.get("DATABASE_OWNER_URL"):
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"]
        os.environ.pop("DATABASE_ROLE", None)


def _say_aside(word: str) -> None:
    sys.stderr.write(f"{word}\n")


def _names_its_servers() -> bool:
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"))


def _set_missing(pairs: Mapping[str, str]) -> None:
    for name, value in pairs.items():
        os.environ.setdefault(name, value)


def wait_until_open(say: Say, patience: float = _WAIT_FOR_A_BEGINNING_SECONDS) -> dict[str, str]:
    """Wait for the demo of this folder to be open and give its environment; exits with a word
    when there is none.
    """
    path = data_folder() / "demo.env"
    began = time.monotonic()
    told = False
    while True:
        holder = _holder()
        pairs = read_env_file(path)
        if holder and pairs.get("DEMO_PID") == holder:
            return pairs
        waited = time.monotonic() - began
        limit = _WAIT_UNTIL_OPEN_SECONDS if holder else patience
        if waited > limit:
            raise SystemExit("没有运行中的 demo，请先运行 make demo / run make demo first")
        if not told:
            say("等待 demo 启动完成 / waiting for the demo to open")
            told = True
        time.sleep(_LOOK_EVERY_SECONDS)


def _holder() -> str:
    """The process id of the demo that runs in this folder, or an empty string."""
    return demo_lock().holder()
