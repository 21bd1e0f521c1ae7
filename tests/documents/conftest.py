"""The document fonts, installed for real into the tests' KIBAN_HOME (quick when they are there)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kiban.documents import fonts
from kiban.documents.render import Renderer

SERVICES = Path(__file__).resolve().parents[2] / "services"
AT = datetime(2026, 10, 2, 10, 0, tzinfo=timezone(timedelta(hours=9)))


@pytest.fixture(scope="session")
def font_dir() -> Path:
    report = fonts.install()
    assert not report.absent, report.message()
    return report.folder


@pytest.fixture()
def template(tmp_path: Path, font_dir: Path) -> Callable[..., bytes]:
    """Renders a template given as text."""
    renderer = Renderer(tmp_path, font_dir=font_dir)

    def make(source: str, data: dict[str, Any], **options: Any) -> bytes:
        name = f"t{len(list(tmp_path.glob('*.typ')))}"
        (tmp_path / f"{name}.typ").write_text(source, encoding="utf-8")
        return renderer.render(name, data, at=AT, **options)

    return make
