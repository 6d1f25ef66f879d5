"""The keys of a demonstration: made once, kept in its data folder."""

import base64
import json
import os
import secrets
from pathlib import Path


def demo_keys(data: Path) -> dict[str, str]:
    """``SECRET_KEY`` and ``FIELD_ENCRYPTION_KEYS`` of the data folder `data`, made on first use.

    Kept, so that sessions, links in mails and stored passwords of mailboxes survive a restart.
    """
    file = data / "keys.json"
    if not file.exists():
        _write_once(file, {"SECRET_KEY": secrets.token_urlsafe(48), "FIELD_ENCRYPTION_KEYS": _fernet_key()})
    return json.loads(file.read_text())


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _write_once(file: Path, keys: dict[str, str]) -> None:
    """Of several processes that write at the same moment one wins, and nobody reads half a file."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"keys.{os.getpid()}.draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(keys))
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
