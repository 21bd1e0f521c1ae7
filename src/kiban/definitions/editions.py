"""Editions (版) ready to decide: found by service and day, compiled once per process and content.

`current(service, on)` is the edition in force on a day; `get(id)` the one that a case was opened under;
`catalogue(on)` all services in force.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from kiban.access import reference
from kiban.definitions.models import Edition
from kiban.kernel.definitions.compile import CompiledService, compile_service
from kiban.kernel.definitions.loader import read_texts
from kiban.ops.home import folder, write_private


class UnknownService(LookupError):
    """No edition of this service is in force on the day, or no edition has this id."""


def current_id(service: str, on: date) -> str:
    """The id of the edition in force on a day: the latest `in_force` by then, the last published among equals.

    Raises UnknownService.
    """
    found = reference.cached(("edition", service, on), lambda: _current_id(service, on))
    if found is None:
        raise UnknownService(service)
    return found


def current(service: str, on: date) -> CompiledService:
    """The edition of a service in force on a day. Raises UnknownService."""
    return get(current_id(service, on))


@lru_cache(maxsize=256)
def get(edition: str) -> CompiledService:
    """The compiled edition with this id. Raises UnknownService."""
    return compile_service(read_texts(files(edition)))


def before(service: str, in_force: date, edition: str = "") -> str | None:
    """The id of the edition that one of `in_force` follows: the one in force on that day without `edition` itself."""
    rows = Edition.objects.filter(service=service, in_force__lte=in_force).exclude(id=edition)
    return rows.order_by("-in_force", "-published_at", "-id").values_list("id", flat=True).first()


def files(edition: str) -> dict[str, str]:
    """The texts of an edition by path. Raises UnknownService."""
    row = Edition.objects.filter(id=edition).only("files").first()
    if row is None:
        raise UnknownService(edition)
    return dict(row.files)


def catalogue(on: date) -> list[CompiledService]:
    """Every service in force on a day, in the order of their slugs."""
    return [current(service, on) for service in services(on)]


def services(on: date) -> list[str]:
    """The slugs of the services in force on a day."""
    found: list[str] = reference.cached(("services", on), lambda: _services(on))
    return found


@lru_cache(maxsize=256)
def template_folder(edition: str) -> Path:
    """A folder with the Typst templates of an edition, written out once (KIBAN_HOME/editions/<id>)."""
    target = folder("editions") / edition
    for path, text in files(edition).items():
        place = target / path
        if place.suffix == ".typ" and ".." not in place.parts and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            write_private(place, text)
    return target


def _current_id(service: str, on: date) -> str | None:
    rows = Edition.objects.filter(service=service, in_force__lte=on).order_by(
        "-in_force", "-published_at", "-id"
    )
    return rows.values_list("id", flat=True).first()


def _services(on: date) -> list[str]:
    rows = Edition.objects.filter(in_force__lte=on).order_by("service").values_list("service", flat=True)
    return list(rows.distinct())
