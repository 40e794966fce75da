"""`python -m alerts`: write the rules to alerts/generated, and their promtool tests to alerts/tests.

With ``--folder`` the rules alone are written, elsewhere; ``--time-scale 60`` makes their windows, ``for`` and
``keep_firing_for`` 60 times as short, for drills; ``--public-url`` and ``--grafana-url`` say where links lead.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alerts.build import files
from alerts.rule import GRAFANA_URL, PUBLIC_URL, Links

ALERTS: Final = Path(__file__).parent
GENERATED: Final = ALERTS / "generated"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files, and remove what is none of them any more."""
    chosen = _parser().parse_args(arguments)
    links = Links(public_url=chosen.public_url.rstrip("/"), grafana_url=chosen.grafana_url.rstrip("/"))
    write(chosen.folder, files(links, chosen.time_scale))


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write the texts under their names, and remove other YAML files of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yml"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alerts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=GENERATED)
    parser.add_argument("--time-scale", type=float, default=1)
    parser.add_argument("--public-url", default=PUBLIC_URL)
    parser.add_argument("--grafana-url", default=GRAFANA_URL)
    return parser


if __name__ == "__main__":
    main()
