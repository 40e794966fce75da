"""Every example of docs/http-api.md is run, as it stands there, against running processes."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE, wait_until
from support.ops_process import OpsProcess
from support.recorded_bot import RecordedBot

PAGE = (Path(__file__).parents[3] / "docs/http-api.md").read_text()
EXAMPLES = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
MARKDOWN = "Accept: text/markdown"


@pytest.fixture
def served(ops: OpsProcess, bot: RecordedBot) -> Iterator[OpsProcess]:
    ops.start()
    assert wait_until(lambda: ops.get("performance").status == 200)
    assert wait_until(lambda: ops.get("runbooks").status == 200)
    ending = threading.Event()

    def live() -> None:
        while not ending.wait(0.5):
            bot.beat()

    beating = threading.Thread(target=live)
    beating.start()
    yield ops
    ending.set()
    beating.join()


def test_every_example_of_the_page_answers_what_it_is_for(served):
    assert len(EXAMPLES) > 20
    environment = {
        "PATH": "/usr/bin:/bin",
        "API": f"http://127.0.0.1:{served.port}/api/v1",
        "KEY": f"X-API-Key: {served.home.read_key.read_text().strip()}",
    }
    for example in EXAMPLES:
        ended = subprocess.run(
            ["/bin/sh", "-c", example],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ended.returncode == 0, f"{example}: {ended.stderr}"
        if MARKDOWN in example:
            assert ended.stdout.startswith("# "), example
            continue
        body = json.loads(ended.stdout)
        is_refused = "curl -s " in example
        assert ("error_code" in body and body.get("status") in (400, 401)) == is_refused, example


def test_every_path_of_the_page_is_documented(served):
    document = served.get("openapi.json", key=None).json()
    named = {re.split(r"[?\"\s]", part)[0] for part in re.findall(r"\$API(/[^\s]*)", PAGE)}
    known = {re.sub(r"\{[^}]*\}", "[^/]+", path.removeprefix("/api/v1")) for path in document["paths"]}
    for path in named:
        assert any(re.fullmatch(one, path.rstrip('"')) for one in known), path
