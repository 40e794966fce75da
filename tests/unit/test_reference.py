from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_reference_pages_are_those_that_the_code_generates(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_reference.py", tmp_path],
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    generated = {page.name: page.read_text() for page in tmp_path.iterdir()}
    committed = {page.name: page.read_text() for page in (ROOT / "docs" / "reference").iterdir()}
    assert generated == committed, "run `make docs`"
