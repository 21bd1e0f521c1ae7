"""The command line behind `./kiban`, once its virtual environment stands."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence

from kiban.ops import config, control, quality, supervisor
from kiban.ops.machine import PostgresError

Command = Callable[[argparse.Namespace], int]

# Commands whose arguments belong to another module: name -> (module, needs Django, summary).
DELEGATED = {
    "check": ("kiban.ops.check", False, "check a service folder and run its scenarios"),
    "publish": ("kiban.ops.publish", True, "publish a service folder as an edition, from a day on"),
    "diagram": ("kiban.kernel.diagram", False, "draw the procedures of a service (Mermaid)"),
    "bench": ("bench.__main__", False, "run a benchmark (--list names them)"),
    "audit": ("kiban.cases.audit", True, "verify the chain of events"),
    "admin": ("kiban.ops.admin", True, "people who sign in with a password: create, link, list …"),
    "backup": ("kiban.ops.backup", False, "write database, files and keys into one file"),
    "restore": ("kiban.ops.restore", True, "make an installation from a backup, and verify it"),
    "upgrade": ("kiban.ops.upgrade", False, "back up, migrate to this version, compare, start again"),
    "maintenance": (
        "kiban.ops.maintenance",
        False,
        "stop pages and API with words that say so, or open them",
    ),
    "doctor": ("kiban.ops.doctor", False, "look whether all is well, and say what to do where it is not"),
    "rebuild": ("kiban.cases.rebuild", True, "fold the events and compare the tables (--check)"),
}
_OWNER_COMMANDS = ("migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "dbshell")


def main(argv: Sequence[str]) -> int:
    """Exit status of the command; errors that the user can mend are printed without a traceback."""
    arguments = list(argv)
    try:
        config.load_environment()
        if arguments and arguments[0] in DELEGATED:
            return _delegate(arguments[0], arguments[1:])
        if arguments and arguments[0] == "django":
            return _django(arguments[1:])
        parser = _parser()
        parsed, rest = parser.parse_known_args(arguments)
        if rest and parsed.run is not quality.test:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
        parsed.rest = rest
        command: Command = parsed.run
        return command(parsed)
    except (config.ConfigurationError, PostgresError, control.ControlError) as error:
        sys.stderr.write(f"kiban: {error}\n")
        return 1
    except BrokenPipeError:  # the reader (head, less) has gone: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./kiban",
        description="kiban (基盤): run it, test it, look into it. Data and logs are kept in KIBAN_HOME "
        "(default: .kiban in this folder).",
        epilog="docs/operations.md explains the environment variables.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")

    up = _add(commands, "up", control.up, "install what is missing, start everything, print the address")
    up.add_argument("--port", type=_port, help="port to listen on (default 8000, or the next free one)")
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    up.add_argument("--foreground", action="store_true", help="stay, and stop everything with Ctrl-C")
    up.add_argument(
        "--production", action="store_true", help="no demo people or data; needs the secrets of production"
    )
    _add(commands, "down", control.down, "stop everything; the data stays")
    reset = _add(commands, "reset", control.reset, "stop everything and delete the data")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    status = _add(commands, "status", control.status, "say what is running (exit status 3: nothing)")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    test = _add(commands, "test", quality.test, "lint, types, import contracts and all tests, as in CI")
    test.add_argument("--full", action="store_true", help="with the long runs")
    test.add_argument("paths", nargs="*", help="only these, without the linters; pytest's options too")
    _add(commands, "worker", _worker, "run one more worker in the foreground")
    for name, (_module, _django_needed, summary) in DELEGATED.items():
        commands.add_parser(name, help=summary, add_help=False)
    commands.add_parser("django", help="run a Django management command", add_help=False)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Command, summary: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _delegate(name: str, arguments: list[str]) -> int:
    module, needs_django, _summary = DELEGATED[name]
    if importlib.util.find_spec(module.split(".")[0]) is None or importlib.util.find_spec(module) is None:
        raise config.ConfigurationError(f"{name}: this version does not contain {module}.")
    if needs_django:
        setup_django("app")
    run: Callable[[list[str]], int] = importlib.import_module(module).main
    return run(arguments) if not needs_django else _with_database(lambda: run(arguments))


def _with_database(work: Callable[[], int]) -> int:
    """Do what needs the database; say so when it does not run."""
    from django.db import OperationalError

    try:
        return work()
    except OperationalError as error:
        if supervisor.is_running():
            raise
        raise control.ControlError("The database does not run: ./kiban up starts it.") from error


def setup_django(role: str) -> None:
    """Makes the models usable in this process, as the database role `role`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    os.environ.setdefault("KIBAN_DB_ROLE", role)
    import django

    django.setup()


def _django(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    wanted = arguments[0] if arguments else "help"
    os.environ.setdefault("KIBAN_DB_ROLE", "owner" if wanted in _OWNER_COMMANDS else "app")

    def run() -> int:
        execute_from_command_line(["./kiban django", *arguments])
        return 0

    return _with_database(run)


def _worker(_arguments: argparse.Namespace) -> int:
    os.environ.setdefault("KIBAN_DB_ROLE", "worker")
    from kiban.ops import worker

    return worker.main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
