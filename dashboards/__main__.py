"""`python -m dashboards`: write every board to dashboards/generated.

With ``--folder`` they are written there instead; ``--public-url`` says where their links to the ops endpoint lead.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from dashboards.board import PUBLIC_URL, render
from dashboards.boards import BOARDS

FOLDER: Final = Path(__file__).parent / "generated"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the boards, and remove what is none of them any more."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboards", description="Write the boards as Grafana's JSON."
    )
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="Where to.  [default: dashboards/generated]"
    )
    parser.add_argument("--public-url", default=PUBLIC_URL, help="The ops endpoint, as people reach it.")
    chosen = parser.parse_args(arguments)
    write(chosen.folder, chosen.public_url.rstrip("/"))


def write(folder: Path, public_url: str = PUBLIC_URL) -> None:
    """Write the boards into a folder, with links to the ops endpoint at ``public_url``."""
    folder.mkdir(exist_ok=True)
    texts = {f"{board.uid}.json": render(board).replace(PUBLIC_URL, public_url) for board in BOARDS}
    for old in folder.glob("*.json"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
