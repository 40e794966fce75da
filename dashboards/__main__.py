"""`python -m dashboards`: write every board to dashboards/generated."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards.board import render
from dashboards.boards import BOARDS

FOLDER: Final = Path(__file__).parent / "generated"


def main(folder: Path = FOLDER) -> None:
    """Write the boards, and remove what is none of them any more."""
    folder.mkdir(exist_ok=True)
    texts = {f"{board.uid}.json": render(board) for board in BOARDS}
    for old in folder.glob("*.json"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
