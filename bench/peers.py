"""Peers, installed on demand into environments of their own below KIBAN_HOME/bench; never part of the product."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench import CannotMeasure
from kiban.ops.home import home


def python_with(name: str, *requirements: str) -> Path:
    """The Python of an environment that holds `requirements` (pinned), made when it is not there yet."""
    place = home() / "bench" / name
    python = place / "bin" / "python"
    mark = place / "requirements.txt"
    wanted = "\n".join(requirements)
    if python.exists() and mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    uv = shutil.which("uv")
    make = [uv, "venv", "-q", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    _run([*make, str(place)], name)
    fill = [uv, "pip", "install", "-q", "--python"] if uv else []
    _run([*(fill or []), str(python), *([] if uv else ["-m", "pip", "install", "-q"]), *requirements], name)
    mark.write_text(wanted, encoding="utf-8")
    return python


def _run(command: list[str | None], name: str) -> None:
    words = [word for word in command if word is not None]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CannotMeasure(
            f"the peer {name} could not be installed ({said[-1] if said else words}); is the package index reachable?"
        )
