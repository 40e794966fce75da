"""Keys: 256 random bits in a file that only its owner reads; compared by hash, in constant time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from trading_bot.contract.errors import OperatorError

KEY_BYTES: Final = 32
PRIVATE_FILE: Final = 0o600


def ensure_key(path: Path) -> None:
    """Make the key file ``path`` where it is missing.

    Two processes may come here at once: each writes a file of its own and the first link wins, so
    that nobody ever reads half a key.
    """
    if path.exists():
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp: mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def read_key(path: Path) -> str:
    """Return the key in ``path``.

    Raises:
        OperatorError: BOT_006 when it is missing, empty, or readable by others than its owner.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError("BOT_006", f"key file {path} cannot be read: {error}", path=str(path)) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"key file {path} is open to others (mode {mode:04o}); expected mode 0600: chmod 600 {path}"
        raise OperatorError("BOT_006", message, path=str(path))
    if not key:
        raise OperatorError("BOT_006", f"key file {path} is empty", path=str(path))
    return key


def hash_key(key: str) -> str:
    """Return what is kept of a key: its SHA-256, 64 hex digits. A random key needs no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def fingerprint(key: str) -> str:
    """Return what names a key without telling it: the first 12 hex digits of its SHA-256."""
    return hash_key(key)[:12]
