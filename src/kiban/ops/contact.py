"""Who runs this installation, for the pages that say whom to ask (KIBAN_CONTACT_…, see docs/operations.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """An office as people reach it; what is empty was not said."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""

    def __bool__(self) -> bool:
        return bool(self.email or self.phone or self.address)


def contact() -> Contact:
    """What the environment says: KIBAN_CONTACT_NAME, _EMAIL, _PHONE, _ADDRESS."""
    said = (os.environ.get(f"KIBAN_CONTACT_{name}", "") for name in ("NAME", "EMAIL", "PHONE", "ADDRESS"))
    return Contact(*(text.strip() for text in said))
