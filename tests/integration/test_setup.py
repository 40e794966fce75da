"""The front door on machines that lack something: one clear line each."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.command import PATIENCE

ROOT = Path(__file__).parents[2]
SETUP = ROOT / "scripts" / "setup-venv"
FETCH = ROOT / "scripts" / "get-prometheus"


def set_up(folder: Path, python: Path | str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SETUP, folder / "venv", "requirements.lock"],
        cwd=ROOT,
        env={"PATH": path, "PYTHON": str(python)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def interpreter(folder: Path, script: str) -> Path:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def one_line(text: str) -> bool:
    return len([line for line in text.strip().splitlines() if not line.startswith("setup: installing")]) == 1


def test_without_python_the_package_to_install_is_named(tmp_path):
    answer = set_up(tmp_path, tmp_path / "missing")
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "python3-venv" in answer.stderr


def test_a_python_that_is_too_old_is_named_with_the_version_that_is_needed(tmp_path):
    old = interpreter(tmp_path, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    answer = set_up(tmp_path, old)
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "Python 3.9.2 is too old" in answer.stderr
    assert "3.11" in answer.stderr


def test_a_python_without_venv_names_the_package_that_brings_it(tmp_path):
    bare = interpreter(tmp_path, 'case "$2" in *ensurepip*) exit 1;; *) exit 0;; esac')
    answer = set_up(tmp_path, bare)
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "apt install python3-venv" in answer.stderr
    assert not (tmp_path / "venv").exists()


def test_the_monitoring_programs_cannot_be_fetched_without_apt_and_that_is_said(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "mkdir", "cd", "pwd"):
        found = Path("/bin") / name
        if found.exists():
            (programs / name).symlink_to(found)
    environment = {**os.environ, "PATH": str(programs)}
    answer = subprocess.run(
        [FETCH, tmp_path / "cache"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "apt-get is missing" in answer.stderr
