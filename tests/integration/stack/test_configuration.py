"""The configuration is right in the eyes of the programs that read it, where those can be had here."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import PATIENCE, free_ports, wait_until

ROOT = Path(__file__).parents[3]
CLIENT = Path(sys.executable).parent / "docker-compose"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_dockers_own_client_takes_the_compose_file():
    for profile in ((), ("--profile", "mimir")):
        answer = run(CLIENT, "-f", "docker-compose.yml", *profile, "config", "--quiet")
        assert (answer.returncode, answer.stderr) == (0, "")


def test_dockers_own_client_refuses_a_compose_file_with_a_typo(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text((ROOT / "docker-compose.yml").read_text().replace("cap_drop:", "cap_dorp:"))
    assert run(CLIENT, "-f", wrong, "config", "--quiet").returncode != 0


def test_prometheus_and_alertmanager_take_their_files(promtool: Path, amtool: Path, tmp_path: Path):
    beside = shutil.copytree(ROOT / "alerts", tmp_path / "alerts")
    (beside / "scrape").mkdir()
    (beside / "scrape" / "api-key").write_text("the read key of a home")  # promtool looks whether it is there
    writer = shutil.copy(ROOT / "stack" / "remote-writer.yml", beside / "remote-writer.yml")
    for command in (
        (promtool, "check", "config", beside / "prometheus.yml"),
        (promtool, "check", "config", writer),
        (amtool, "check-config", "alerts/alertmanager.yml"),
    ):
        answer = run(*command)
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_yaml_file_of_the_stack_is_tidy():
    rules = (
        "{extends: default, rules: {line-length: {max: 120, ignore: alerts/generated/},"
        " document-start: disable, braces: disable, comments: {min-spaces-from-content: 2}}}"
    )
    files = ["docker-compose.yml", "stack", "alerts", "dashboards/provisioning"]
    answer = run(sys.executable, "-m", "yamllint", "--strict", "-d", rules, *files)
    assert answer.returncode == 0, answer.stdout


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("reachable", [True, False])
def test_ready_names_who_answers_and_who_does_not(reachable: bool):
    (port,) = free_ports(1)
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    asked = port if reachable else free_ports(1)[0]
    try:
        assert wait_until(lambda: answers(port))
        answer = subprocess.run(
            [
                sys.executable,
                "scripts/ready.py",
                f"web=http://127.0.0.1:{port}/",
                f"other=http://127.0.0.1:{asked}/",
            ],
            cwd=ROOT,
            env={"READY_SECONDS": str(PATIENCE) if reachable else "2"},
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
    finally:
        server.kill()
        server.wait()
    assert "web is ready" in answer.stdout
    assert answer.returncode == (0 if reachable else 1)
    last = answer.stdout.splitlines()[-1]
    assert last == (
        "everything is ready" if reachable else "not ready: other; see: docker compose logs other"
    )
