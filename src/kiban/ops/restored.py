"""Steps of a restore that need the models: `python -m kiban.ops.restored keys|seal|verify`, each a process of its own.

`keys` prints the ids of the data keys; `seal` (role owner) gives the database its seal; `verify` (role app) verifies
the chains, contents, roots and documents, and the uploaded files, of the partitions named on standard input.
"""

from __future__ import annotations

import os
import sys


def main(argv: list[str]) -> int:
    """Exit status 0 when all is well, 1 with what differs, 2 for wrong use."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    steps = {"keys": _keys, "seal": _seal, "verify": _verify}
    return steps[argv[0]]() if argv and argv[0] in steps else 2


def _keys() -> int:
    from kiban.cases import sealing

    sys.stdout.write("\n".join(sealing.key_ids()) + "\n")
    return 0


def _seal() -> int:
    from kiban.access.scope import install_seal

    install_seal()
    return 0


def _verify() -> int:
    from kiban.cases import audit

    partitions = sys.stdin.read().split()
    return audit.verify_all(code for code in partitions if not code.startswith("p-")) | _files(partitions)


def _files(partitions: list[str]) -> int:
    """Every file has the digest that it is named by, and every row has its file."""
    from kiban.access.scope import scope
    from kiban.cases.models import Attachment
    from kiban.ops.backup import digest_of, stored_files

    differences = [
        f"file {path.name}: was changed" for path in stored_files() if digest_of(path) != path.name
    ]
    there = {path.name for path in stored_files()}
    for body in partitions:
        with scope(body):
            rows = Attachment.objects.filter(body=body).values_list("sha256", flat=True)
            differences += [f"{body} file {digest}: is missing" for digest in rows if digest not in there]
    found = len(differences)
    sys.stdout.write("".join(f"{line}\n" for line in differences))
    sys.stdout.write(f"{len(there)} uploaded files: {f'{found} differences' if found else 'no difference'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
