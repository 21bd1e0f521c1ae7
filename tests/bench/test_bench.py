"""The benchmark runner: what it lists, prints and answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bench
from bench import __main__ as runner
from bench import _desk_load, desk, document
from kiban.ops.home import REPO

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase


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
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == ["backup", "desk", "document", "expr", "kernel", "rebuild", "submit"]
    assert all(module.SUMMARY for module in runner.discover().values())


def test_json_is_one_object_on_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    """With a benchmark that needs neither a peer nor a database."""
    assert runner.main(["kernel", "--json"]) == 0
    *printed, last = capsys.readouterr().out.splitlines()
    said: dict[str, Any] = json.loads(last)
    assert list(said) == ["name", "commit", "machine", "figures"]
    assert (said["name"], set(said["machine"])) == ("kernel", {"cpu", "cores", "mem"})
    (figure,) = said["figures"]
    assert figure["id"] == "forms_per_second"
    assert figure["value"] > 0
    assert printed[1].split()[:2] == ["forms_per_second", str(figure["value"])]


def test_what_cannot_be_measured_is_said_and_told_by_the_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A peer that can't be installed: there is no network, and nothing is kept from before."""
    for name, value in {
        "KIBAN_HOME": str(tmp_path), "UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path), "PIP_NO_INDEX": "1",
        "PIP_NO_CACHE_DIR": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    assert runner.main(["expr"]) == 1
    said = capsys.readouterr().err
    assert "the peer cel could not be installed" in said
    assert "is the package index reachable?" in said


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


def test_copied_cases_are_as_good_as_real_ones(database: TestDatabase) -> None:
    """The cases that the benchmarks of operations stand on: folded, verified, found, and no two alike."""
    from kiban.access.scope import scope
    from kiban.cases import audit, queries, rebuild
    from kiban.definitions import editions
    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    bodies = ("131229", "131113")
    edition = publish_folder(REPO / "services" / "temporary-plate").id
    done = subprocess.run(
        [sys.executable, "-m", "bench._copies", "60", ",".join(bodies), "0.5"],
        env={**database.environment(), "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"},
        cwd=REPO, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    held = json.loads(done.stdout)
    assert held["cases"] == 60
    verified, rebuilt = (
        [audit.verify(body) for body in bodies],
        [rebuild.rebuild(body, check=True) for body in bodies],
    )
    assert [report.differences for report in (*verified, *rebuilt)] == [[]] * 4
    assert sum(report.events for report in verified) == held["events"] > 120
    compiled = editions.get(edition)
    with scope(bodies[0]):
        found = queries.inbox(compiled, final=None, limit=200, roles=compiled.service.roles).rows
        assert len({row.subject for row in found}) == len({row.number for row in found}) == len(found)
        assert len({row.title for row in found}) == len(found)
        one = queries.inbox(compiled, final=None, text=found[-1].subject, roles=compiled.service.roles)
        assert [row.id for row in one.rows] == [found[-1].id]
    assert clock.today() >= found[0].opened_at.date()


def test_a_clerk_of_the_load_finds_the_way_through_a_page() -> None:
    page = (
        '<input type="hidden" name="csrfmiddlewaretoken" value="t"><input type="hidden" name="seq" value="2">'
        '<a class="plain nowrap" href="/desk/131229/cases/x/">7K3M9-QTV4D</a><a href="?state=a&amp;cursor=Wz">次</a>'
    )
    assert dict(_desk_load._HIDDEN.findall(page)) == {"csrfmiddlewaretoken": "t", "seq": "2"}
    assert _desk_load._NUMBER.findall(page) == ["7K3M9-QTV4D"]
    assert _desk_load._NEXT.findall(page) == ["?state=a&amp;cursor=Wz"]


@pytest.mark.full
def test_clerks_do_not_wait_long_at_the_desk() -> None:
    figures = {figure["id"]: figure for figure in desk.run("small")}
    assert figures["inbox_p95_ms"]["met"] and figures["case_p95_ms"]["met"], figures
