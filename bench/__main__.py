"""Run a benchmark by name. The exit status tells whether it could measure (0), not whether a goal was met."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bench

_HERE = Path(__file__).resolve().parent
SIZES = ("small", "full")


def discover() -> dict[str, ModuleType]:
    """Every benchmark by its NAME, in alphabetical order."""
    found = {}
    for info in pkgutil.iter_modules([str(_HERE)]):
        if info.name.startswith("_"):
            continue
        source = (_HERE / f"{info.name}.py").read_text(encoding="utf-8") if not info.ispkg else ""
        if "\nNAME = " not in source:
            continue  # a helper, or what runs inside a peer's own environment
        module = importlib.import_module(f"bench.{info.name}")
        found[module.NAME] = module
    return dict(sorted(found.items()))


def machine() -> dict[str, Any]:
    """The processor, its cores that we may use, and the memory in GiB."""
    model = platform.processor() or platform.machine()
    memory = 0.0
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (OSError, ValueError):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": model, "cores": cores, "mem": round(memory, 1)}


def commit() -> str:
    """The commit that is measured, with "+" when files differ from it; "" outside a repository."""
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=_HERE.parent, capture_output=True, text=True, check=True
    ).stdout.strip()


def table(figures: list[dict[str, Any]]) -> str:
    """The figures as lines of text; the goal stands for the ratio where there is a peer."""
    rows: list[tuple[str, ...]] = [("figure", "value", "unit", "goal", "met", "peer", "peer value", "ratio")]
    for item in figures:
        cells = (item[key] for key in ("id", "value", "unit", "goal", "met", "peer", "peer_value", "ratio"))
        rows.append(
            tuple(
                "–" if c is None else ("yes" if c else "no") if isinstance(c, bool) else str(c) for c in cells
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main(argv: list[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure kiban beside its peers.")
    parser.add_argument("name", nargs="?", help="the benchmark; see --list")
    parser.add_argument(
        "--size", choices=SIZES, default="small", help="how much is measured (default: small)"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    arguments = parser.parse_args(argv)
    known = discover()
    if arguments.list:
        for name, module in known.items():
            print(f"{name:12} {module.SUMMARY}")
        return 0
    if arguments.name not in known:
        parser.error(f"name one of: {', '.join(known) or 'there are none'}")
    try:
        figures = known[arguments.name].run(arguments.size)
    except bench.CannotMeasure as reason:
        print(f"Could not measure: {reason}", file=sys.stderr)
        return 1
    print(table(figures))
    if arguments.json:
        result = {"name": arguments.name, "commit": commit(), "machine": machine(), "figures": figures}
        print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
