"""The platform knows no service: words that belong to one stand in its folder and in tests, never in src/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
WORDS = re.compile(
    r"plate_|plates|number[_ ]plate|chassis|insurance_|jibaiseki|\bloan(?:ed|s)?\b|overdue_|temporary[-_]plate"
    r"|permit_no|compensation_|house[-_]subsidy|仮ナンバー|番号標|臨時運行|車台番号|自賠責|補助金",
    re.IGNORECASE,
)
_KINDS = {".py", ".html", ".css", ".js", ".sql", ".typ", ".yaml", ".po", ".toml", ".txt", ".svg"}


def found_in(root: Path) -> list[str]:
    """Every line below a folder that says a service's word."""
    lines = []
    for path in sorted(root.rglob("*")):
        if path.suffix in _KINDS and path.is_file():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if WORDS.search(re.sub("template", "", line, flags=re.IGNORECASE)):
                    lines.append(f"{path.relative_to(REPO)}:{number}: {line.strip()[:100]}")
    return lines


@pytest.mark.parametrize("folder", ["src"])
def test_no_service_is_known_by_name(folder: str) -> None:
    assert found_in(REPO / folder) == []


def test_the_words_are_found_where_they_belong() -> None:
    """The search itself works: a service's own folder is full of them."""
    assert len(found_in(REPO / "services")) > 50
    assert len(found_in(REPO / "tests" / "services")) > 1
