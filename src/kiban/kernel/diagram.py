"""`kiban diagram`: each procedure of a service as a Mermaid state diagram."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kiban.kernel.definitions.loader import DefinitionErrors, load
from kiban.kernel.definitions.model import Procedure


def _lines(procedure: Procedure, language: str) -> Iterator[str]:
    yield "stateDiagram-v2"
    for name, word in procedure.states.items():
        yield f"    {name}: {word.label.text(language)}"
    for action in procedure.actions.values():
        label = action.label.text(language).replace(":", "：")
        for start in action.from_:
            for state in [target.state for target in action.to] or [start]:
                yield f"    {start} --> {state}: {label}"
        if action.opens:
            yield f"    [*] --> {(action.from_ or (action.to[0].state,))[0]}"
    for name, word in procedure.states.items():
        if word.final:
            yield f"    {name} --> [*]"


def diagram(procedure: Procedure, language: str = "ja") -> str:
    """Mermaid source of one procedure: states, and an arrow for each way of each action."""
    return "\n".join(dict.fromkeys(_lines(procedure, language)))


def main(argv: Sequence[str]) -> int:
    """Prints the diagrams of a service. Exit 1 when the definition is refused."""
    parser = argparse.ArgumentParser(
        prog="kiban diagram", description="Draw the procedures of a service (Mermaid)."
    )
    parser.add_argument("service", help="folder or slug")
    parser.add_argument("--language", choices=("ja", "en"), default="ja")
    arguments = parser.parse_args(list(argv))
    folder = Path(arguments.service)
    try:
        service = load(folder if folder.is_dir() else Path("services") / arguments.service)
    except DefinitionErrors as errors:
        sys.stderr.write(f"{errors}\n")
        return 1
    for procedure in service.procedures.values():
        sys.stdout.write(f"%% {procedure.label.ja}\n{diagram(procedure, arguments.language)}\n\n")
    return 0
