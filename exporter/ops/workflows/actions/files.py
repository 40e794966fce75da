"""Actions that write into the home's ``exports/``: a folder for each execution, each file with its checksum."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from exporter.ops.workflows.patience import Patience
from trading_bot.boot.home import Home
from trading_bot.contract.codec import redact
from trading_bot.contract.errors import NonRetriableError
from trading_bot.telemetry import rfc3339

SUMS: Final = "SHA256SUMS"
PIECE: Final = 1024 * 1024
PRIVATE: Final = 0o700
PRIVATE_FILE: Final = 0o600
MOST_BYTES: Final = 4 * 1024**3
DAY_SECONDS: Final = 86_400


class ExportLogsParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``export.logs``."""

    days: Annotated[
        int, Meta(ge=1, le=3_650, description="logs that were written in so many days", examples=[7])
    ] = 14
    settings: Annotated[
        bool, Meta(description="config.yaml and the history of settings too", examples=[True])
    ] = True


class DiscardParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``export.discard``: none."""


class ReportParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``export.report``."""

    name: Annotated[
        str,
        Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$", description="the file's name", examples=["report"]),
    ]
    content: Annotated[
        dict[str, Any], Meta(description="what stands in it", examples=[{"verdict": "healthy"}])
    ]


def export_logs(doing: Doing, params: ExportLogsParams) -> Outputs:
    """Copy the logs, read each copy back, and write the checksums beside them."""
    home = doing.means.home
    folder = _folder(home, doing.attempt.execution_id)
    since = doing.means.clock.now_ns() / 1e9 - params.days * DAY_SECONDS
    sums: dict[str, str] = {}
    total = 0
    for source in _sources(home, since, with_settings=params.settings):
        target = folder / source.name
        size, copied = _copy(source, target, doing.patience)
        if _sum(target, doing.patience) != copied:
            raise NonRetriableError("WF_010", f"{target} does not hold what was written", path=str(target))
        sums[source.name] = copied
        total += size
        if total > MOST_BYTES:
            raise NonRetriableError(
                "WF_010", f"the logs are larger than {MOST_BYTES} bytes", path=str(folder)
            )
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    _write(folder / SUMS, lines.encode())
    relative = str(folder.relative_to(home.path))
    return {"folder": relative, "files": sorted(sums), "count": len(sums), "bytes": total}


def export_report(doing: Doing, params: ReportParams) -> Outputs:
    """Write a JSON file."""
    home = doing.means.home
    folder = _folder(home, doing.attempt.execution_id)
    path = folder / f"{params.name}.json"
    head = {
        "execution_id": doing.attempt.execution_id,
        "workflow": doing.attempt.workflow,
        "written_at": rfc3339(doing.means.clock.now_ns()),
    }
    data = msgspec.json.format(msgspec.json.encode({**head, **redact(params.content)}), indent=2) + b"\n"
    _write(path, data)
    return {
        "path": str(path.relative_to(home.path)),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def discard(doing: Doing, _params: DiscardParams) -> Outputs:
    """Remove what this execution has exported."""
    folder = doing.means.home.exports / doing.attempt.execution_id
    gone = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if folder.is_dir():
        shutil.rmtree(folder)
    return {"count": len(gone)}


def wrong_sums(path: Path) -> list[str]:
    """Return the names in a file of checksums whose file is missing or another one now."""
    wrong = []
    for line in path.read_text().splitlines():
        digest, _, name = line.partition("  ")
        file = path.parent / name
        if "/" in name or not file.is_file() or _sum(file) != digest:
            wrong.append(name)
    return wrong


def _sources(home: Home, since: float, *, with_settings: bool) -> Iterator[Path]:
    """Yield what is exported: no key is among it."""
    for path in sorted((*home.logs.glob("*.jsonl"), *home.logs.glob("*.out"))):
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime >= since:
            yield path
    if with_settings:
        yield from (path for path in (home.config, home.config_history) if path.is_file())


def _folder(home: Home, execution_id: str) -> Path:
    home.exports.mkdir(mode=PRIVATE, exist_ok=True)
    folder = home.exports / execution_id
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    return folder


def _copy(source: Path, target: Path, patience: Patience) -> tuple[int, str]:
    """Copy as much as there is now: a log goes on growing."""
    left = source.stat().st_size
    size, digest = left, hashlib.sha256()
    with source.open("rb") as reading, _private(target) as writing:
        while left > 0:
            patience.check()
            piece = reading.read(min(PIECE, left))
            if not piece:
                break
            digest.update(piece)
            writing.write(piece)
            left -= len(piece)
        writing.flush()
        os.fsync(writing.fileno())
    return size - left, digest.hexdigest()


def _sum(path: Path, patience: Patience | None = None) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            if patience is not None:
                patience.check()
            digest.update(piece)
    return digest.hexdigest()


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    with _private(draft) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _private(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb")


ACTIONS: Final = (
    Action(
        name="export.logs",
        summary="Copy the logs into exports/, with checksums, and read every copy back.",
        params=ExportLogsParams,
        outputs={
            "folder": "where they are, from the home folder",
            "files": "their names",
            "count": "how many there are",
            "bytes": "their size",
        },
        repeat=Repeat.KEYED,
        run=export_logs,
    ),
    Action(
        name="export.report",
        summary="Write a JSON file into exports/.",
        params=ReportParams,
        outputs={"path": "where it is, from the home folder", "bytes": "its size", "sha256": "its checksum"},
        repeat=Repeat.KEYED,
        run=export_report,
    ),
    Action(
        name="export.discard",
        summary="Remove what this execution has written into exports/.",
        params=DiscardParams,
        outputs={"count": "how many files were removed"},
        repeat=Repeat.KEYED,
        run=discard,
    ),
)
