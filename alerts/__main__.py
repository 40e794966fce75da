"""`python -m alerts`: write the rules, their promtool tests, and Alertmanager's files into alerts/.

With ``--folder`` rules and ``alertmanager.yml`` are written there instead: ``--time-scale 60`` makes windows, ``for``
and ``keep_firing_for`` 60 times as short and lets Alertmanager collect nothing, for drills; ``--public-url`` and
``--grafana-url`` say where links lead; ``--ops``, ``--chat``, ``--dead-man`` and ``--mail-to`` where messages go.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alerts.build import HEAD, files
from alerts.delivery import OPS_URL, SECRETS, Outlets, configuration
from alerts.document import dump
from alerts.examination import tests
from alerts.rule import GRAFANA_URL, PUBLIC_URL, Links

ALERTS: Final = Path(__file__).parent
GENERATED: Final = ALERTS / "generated"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files, and remove what is none of them any more."""
    chosen = _parser().parse_args(arguments)
    if chosen.folder is None:
        write_all()
        return
    links = Links(public_url=chosen.public_url.rstrip("/"), grafana_url=chosen.grafana_url.rstrip("/"))
    write(chosen.folder / "generated", files(links, chosen.time_scale))
    delivery = configuration(_outlets(chosen), at_once=chosen.time_scale != 1)
    (chosen.folder / "alertmanager.yml").write_text(HEAD + dump(delivery), encoding="utf-8")


def write_all() -> None:
    """Write what is committed."""
    write(GENERATED, files())
    write(ALERTS / "tests", tests())
    for path, text in delivery_files().items():
        path.write_text(text, encoding="utf-8")


def delivery_files() -> dict[Path, str]:
    """Return Alertmanager's configurations: one that tells nobody, and those that tell the ops endpoint."""
    outlets = {
        ALERTS / "alertmanager.yml": Outlets(),
        ALERTS / "alertmanager.ops.yml": Outlets(ops=OPS_URL),
        ALERTS.parent / "stack" / "alertmanager.yml": Outlets(ops="http://ops:8000"),
    }
    return {path: HEAD + dump(configuration(each)) for path, each in outlets.items()}


def _outlets(chosen: argparse.Namespace) -> Outlets:
    return Outlets(
        ops=chosen.ops,
        chat=chosen.chat,
        dead_man=chosen.dead_man,
        mail_to=chosen.mail_to,
        mail_from=chosen.mail_from,
        smarthost=chosen.smarthost,
        secrets=chosen.secrets or str(chosen.folder.resolve() / SECRETS),
    )


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
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--time-scale", type=float, default=1)
    parser.add_argument("--public-url", default=PUBLIC_URL)
    parser.add_argument("--grafana-url", default=GRAFANA_URL)
    parser.add_argument("--ops", metavar="URL", help="the ops endpoint, such as http://ops:8000")
    parser.add_argument("--chat", action="store_true")
    parser.add_argument("--dead-man", action="store_true")
    parser.add_argument("--mail-to")
    parser.add_argument("--mail-from", default=Outlets().mail_from)
    parser.add_argument("--smarthost", default=Outlets().smarthost)
    parser.add_argument("--secrets", help="their folder as Alertmanager sees it  [default: FOLDER/secrets]")
    return parser


if __name__ == "__main__":
    main()
