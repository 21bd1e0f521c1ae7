"""Permits rendered and signed in as many processes as there are cores (at most two), as server and worker do it."""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bench import CannotMeasure
from kiban.documents import sample_signers, signers, signing
from kiban.documents.mark import Mark, printed
from kiban.documents.render import Renderer

CORES = min(2, os.cpu_count() or 1)
_READY: dict[str, Any] = {}


def rates(
    templates: Path, font_dir: Path, at: datetime, rounds: list[list[dict[str, Any]]], own: sample_signers.Key
) -> list[float]:
    """Signed permits a second of each round; the first is the warm-up. Each process reads its first one again."""
    key, authority = sample_signers.new_authority()
    secret = sample_signers.bundle(own, "見本市長", key, authority)
    context = multiprocessing.get_context("spawn")  # nothing of this process is shared
    found = []
    given = (templates, font_dir, at, secret)
    with ProcessPoolExecutor(CORES, context, _begin, given) as pool:
        for data in rounds:
            began = time.perf_counter()
            made = list(pool.map(_make, enumerate(data)))
            found.append(len(data) / (time.perf_counter() - began))
            if len(set(made)) != len(data):
                raise CannotMeasure("two signed permits came out alike")
    return found


def new_keys() -> dict[str, sample_signers.Key]:
    """What is measured: the default, and RSA beside it."""
    return {
        "": ec.generate_private_key(ec.SECP256R1()),
        "_rsa2048": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }


def _begin(templates: Path, font_dir: Path, at: datetime, secret: str) -> None:
    os.environ["KIBAN_SECRET_SIGNING"] = secret
    os.environ.pop("KIBAN_TSA_URL", None)
    _READY.update(renderer=Renderer(templates, font_dir=font_dir), at=at, checked=False)


def _make(item: tuple[int, dict[str, Any]]) -> bytes:
    """Renders, marks and signs one; the first of each process is read again."""
    number, data = item
    code = f"7K3M-9QTV-4DAB-{number:04}"
    mark = Mark(
        f"https://kiban.example.lg.jp/verify/131229/{code}/",
        "https://kiban.example.lg.jp/verify/",
        printed("131229", code),
    )
    signer = signers.signer_for("131229")
    assert signer is not None
    now = datetime.now(UTC)
    plain = _READY["renderer"].render("permit", data, at=_READY["at"], mark=mark)
    signed = signing.sign(plain, signer, at=now, contact=mark.url, place="見本市")
    if not _READY["checked"]:
        said = signing.read(signed, signers.roots(), now)
        if said is None or not (said.sound and said.trusted):
            raise CannotMeasure("a signature does not hold")
        _READY["checked"] = True
    return signed[-20_000:]
