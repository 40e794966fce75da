"""schemathesis plays the OpenAPI document against the running process: what it says is what it does."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE, wait_until
from support.ops_process import OpsProcess
from support.recorded_bot import RecordedBot

pytestmark = [pytest.mark.timeout(1800)]

PROGRAM = Path(sys.executable).parent / "schemathesis"
EXAMPLES_SHORT, EXAMPLES_LONG = 1, 100
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
TESTED = re.compile(r"Tested: (\d+)")
GENERATED = re.compile(r"(\d+) generated")

# 404: a name, cursor or generation that may exist. 422: a file that is not there to be compared with.
# 412, 428: a change that names another generation than the one in force, or none.
# 426: the stream, which has a port of its own.
CONFIGURATION = """
[checks]
positive_data_acceptance.expected-statuses = [
  "2xx", "3xx", "401", "403", "404", "409", "412", "422", "426", "428", "429",
]
"""


@pytest.fixture
def served(ops: OpsProcess, bot: RecordedBot) -> Iterator[OpsProcess]:
    """The process, asked more often than a client may, and a bot that goes on beating."""
    ops.start(BOT_API_RATE_LIMIT="1000000/second")
    assert wait_until(ops.is_ready)
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


def play(ops: OpsProcess, folder: Path, key: Path, examples: int, *options: str) -> str:
    configuration = folder / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    ended = subprocess.run(
        [
            PROGRAM,
            f"--config-file={configuration}",
            "run",
            f"http://127.0.0.1:{ops.port}/api/v1/openapi.json",
            "--checks=all",
            f"--header=X-API-Key: {key.read_text().strip()}",
            f"--max-examples={examples}",
            "--no-color",
            "--seed=1",
            # How quickly this machine makes examples, or answers, is not asked here.
            "--suppress-health-check=too_slow,data_too_large",
            f"--request-timeout={PATIENCE}",
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    return ended.stdout


def operations(ops: OpsProcess) -> Counter[str]:
    """Return how many operations of each method the document has."""
    paths = ops.get("openapi.json").json()["paths"]
    return Counter(method for operations in paths.values() for method in operations if method in METHODS)


def test_every_reading_operation_does_what_the_document_says(served, tmp_path, long_run, count):
    examples = EXAMPLES_LONG if long_run else EXAMPLES_SHORT
    phases = () if long_run else ("--phases=examples,fuzzing",)
    said = play(served, tmp_path, served.home.read_key, examples, "--include-method=GET", *phases)
    tested, generated = int(TESTED.findall(said)[-1]), int(GENERATED.findall(said)[-1])
    assert tested == operations(served)["get"]
    count("schemathesis: requests that read", generated, f"{tested} operations, 0 failures, no 5xx")


def test_every_operation_that_writes_does_what_the_document_says(served, tmp_path, long_run, count):
    examples = EXAMPLES_LONG if long_run else EXAMPLES_SHORT
    phases = "--phases=examples,coverage,fuzzing" if long_run else "--phases=examples,fuzzing"
    said = play(served, tmp_path, served.home.operate_key, examples, "--exclude-method=GET", phases)
    tested, generated = int(TESTED.findall(said)[-1]), int(GENERATED.findall(said)[-1])
    everything = operations(served)
    assert tested == everything.total() - everything["get"]
    count("schemathesis: requests that write", generated, f"{tested} operations, 0 failures, no 5xx")
