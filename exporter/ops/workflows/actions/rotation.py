"""Actions on the API keys of the home folder. A key itself is never an output; its fingerprint is."""

from __future__ import annotations

import os
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from trading_bot.boot.home import Home
from trading_bot.boot.keys import KEY_BYTES, PRIVATE_FILE, fingerprint, read_key
from trading_bot.contract.errors import NonRetriableError


class KeyName(StrEnum):
    """The keys that ops knows."""

    READ = "api-key"
    OPERATE = "operate-key"
    ENVIRONMENT = "BOT_API_AUTH_TOKEN"


class KeyParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of the actions on keys."""

    name: Annotated[KeyName, Meta(description="which key", examples=["api-key"])]


def rotate(doing: Doing, params: KeyParams) -> Outputs:
    """Put a new key in force; the old one is kept aside for a return, and is not accepted any more."""
    path, aside = _paths(doing, params)
    if not aside.exists():
        _write(aside, read_key(path))
    before = read_key(aside)
    if read_key(path) == before:
        _write(path, secrets.token_urlsafe(KEY_BYTES))
    now = read_key(path)
    doing.means.keys.refresh()
    return {"file": path.name, "fingerprint": fingerprint(now), "previous": fingerprint(before)}


def restore(doing: Doing, params: KeyParams) -> Outputs:
    """Put the key that was kept aside in force again; without one nothing was rotated."""
    path, aside = _paths(doing, params)
    if aside.exists():
        _write(path, read_key(aside))
        aside.unlink()
    now = read_key(path)
    doing.means.keys.refresh()
    return {"file": path.name, "fingerprint": fingerprint(now)}


def forget(doing: Doing, params: KeyParams) -> Outputs:
    """Remove the key that was kept aside."""
    _path, aside = _paths(doing, params)
    aside.unlink(missing_ok=True)
    return {"file": aside.name}


def _paths(doing: Doing, params: KeyParams) -> tuple[Path, Path]:
    """Return where the key is, and where the old one is kept meanwhile.

    Raises:
        NonRetriableError: WF_010 for a key that is set by the environment.
    """
    home: Home = doing.means.home
    if params.name is KeyName.ENVIRONMENT:
        message = "BOT_API_AUTH_TOKEN is set by the environment: change it there and restart ops"
        raise NonRetriableError("WF_010", message, name=params.name)
    path = {KeyName.READ: home.read_key, KeyName.OPERATE: home.operate_key}[params.name]
    return path, path.with_name(f".{path.name}-{doing.attempt.execution_id}")


def _write(path: Path, key: str) -> None:
    draft = path.with_name(f"{path.name}.draft" if path.name.startswith(".") else f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


ACTIONS: Final = (
    Action(
        name="key.rotate",
        summary="Make a new API key and accept it instead of the old one.",
        params=KeyParams,
        outputs={
            "file": "the file that holds it",
            "fingerprint": "of the new key",
            "previous": "fingerprint of the old key",
        },
        repeat=Repeat.KEYED,
        run=rotate,
    ),
    Action(
        name="key.restore",
        summary="Accept the API key of before the rotation again.",
        params=KeyParams,
        outputs={"file": "the file that holds it", "fingerprint": "of the key"},
        repeat=Repeat.KEYED,
        run=restore,
    ),
    Action(
        name="key.forget",
        summary="Remove the old API key that was kept for a return.",
        params=KeyParams,
        outputs={"file": "the file that was removed"},
        repeat=Repeat.KEYED,
        run=forget,
    ),
)
