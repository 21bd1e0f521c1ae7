"""The benchmark runner: what it lists, prints and answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

import bench
from bench import __main__ as runner
from bench import document


def test_a_goal_is_for_the_ratio_where_there_is_a_peer_else_for_the_value() -> None:
    faster = bench.figure("a", 50, "1/s", goal=5, peer="P 1.0", peer_value=8)
    assert faster["ratio"] == 6.25
    assert faster["met"] is True
    assert bench.figure("a", 50, "1/s", goal=5, peer="P 1.0", peer_value=20)["met"] is False
    alone = bench.figure("b", 120.04321, "ms", goal=100, at_most=True)
    assert alone["met"] is False
    assert alone["value"] == 120.0
    assert (alone["peer"], alone["peer_value"], alone["ratio"]) == (None, None, None)


def test_the_list_names_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["--list"]) == 0
    assert "document" in capsys.readouterr().out
    assert not any(name.startswith("_") for name in runner.discover())


def test_json_is_one_object_on_the_last_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = [bench.figure("permit_pdf_rate", 80, "1/s", goal=5, peer="P 1.0", peer_value=10)]
    monkeypatch.setattr(document, "run", lambda size: figures if size == "full" else [])
    assert runner.main(["document", "--size", "full", "--json"]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(said) == ["name", "commit", "machine", "figures"]
    assert said["name"] == "document"
    assert said["figures"] == figures
    assert set(said["machine"]) == {"cpu", "cores", "mem"}


def test_what_cannot_be_measured_is_said_and_told_by_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_size: str) -> list[dict[str, Any]]:
        raise bench.CannotMeasure("no peer here; install it")

    monkeypatch.setattr(document, "run", refuse)
    assert runner.main(["document"]) == 1
    assert "no peer here; install it" in capsys.readouterr().err


def test_an_unknown_name_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        runner.main(["nothing"])
    assert stopped.value.code == 2
    assert "document" in capsys.readouterr().err


def test_the_sample_varies_every_field() -> None:
    permits = document.permits(200, seed=1)
    for name in permits[0]["text"]:
        values = {permit["text"][name] for permit in permits}
        assert len(values) > 1, name
    assert len({json.dumps(permit) for permit in permits}) == 200


@pytest.mark.full
def test_documents_are_made_five_times_as_fast_as_by_the_peer() -> None:
    (figure,) = document.run("full")
    assert figure["met"], figure
