"""The command line behind `./kiban`."""

import os
import sys


def main(argv: list[str]) -> int:
    if argv[:1] == ["django"]:
        from django.core.management import execute_from_command_line

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
        execute_from_command_line(["./kiban django", *argv[1:]])
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
