"""What stands between a running database and a running server: schema, bodies, services, assets, demo.

Run by the supervisor and by the tests as a process of its own, because each step has its own database role:
`python -m kiban.ops.prepare schema|assets|demo`. Every step can be repeated.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_log = logging.getLogger("kiban.prepare")


def schema() -> None:
    """Look at the file of identity providers, migrate, seal, load the bodies, publish the services (role owner)."""
    from django.core.management import call_command

    _timed("read the identity providers", _function("kiban.access.identity.providers", "check"))
    _timed("migrate", lambda: call_command("migrate", interactive=False, verbosity=0))
    _timed("install the seal of scopes", _function("kiban.access.scope", "install_seal"))
    _timed("load the bodies", _function("kiban.access.bodies", "load_bodies"))
    _timed("fill the ledger of money", _function("kiban.money.rebuild", "fill"))
    if os.environ.get("KIBAN_MODE") == "test":
        return  # each test publishes what it needs
    publish = _function("kiban.definitions.publish", "publish_folder")
    for service in service_folders():
        try:
            _timed(f"publish {service.name}", partial(publish, service))
        except Exception as error:
            error.add_note(f"in {service}")
            raise


def assets() -> None:
    """Compile the translations, fetch the fonts, collect the static files."""
    from kiban.ops import assets as steps

    _timed("compile translations", steps.compile_translations)
    _timed("install fonts", steps.install_fonts)
    _timed("collect static files", steps.collect_static)


def demo() -> None:
    """Load the demo people and cases (role app: through the same door as everybody)."""
    _timed("make the sample keys", _function("kiban.ops.demo", "make_keys"))
    _timed("load the demo data", _function("kiban.ops.demo", "load"))


def service_folders() -> list[Path]:
    """The folders of the shared systems: services/<slug>/ of the repository and of KIBAN_SERVICES."""
    from kiban.ops.home import REPO

    roots = [REPO / "services", *(Path(p) for p in os.environ.get("KIBAN_SERVICES", "").split(":") if p)]
    return [path.parent for root in roots for path in sorted(root.glob("*/service.yaml"))]


def _function(module: str, name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _timed(what: str, step: Callable[[], object]) -> None:
    started = time.perf_counter()
    step()
    _log.info(what, extra={"ms": round((time.perf_counter() - started) * 1000)})


STEPS = {"schema": schema, "assets": assets, "demo": demo}


def main(argv: list[str]) -> int:
    """Run the named steps in order; exit status 2 when a name is unknown."""
    if not argv or any(name not in STEPS for name in argv):
        sys.stderr.write(f"usage: python -m kiban.ops.prepare {' '.join(STEPS)}\n")
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    for name in argv:
        STEPS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
