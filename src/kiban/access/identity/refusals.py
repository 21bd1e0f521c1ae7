"""Why a sign-in with a provider came to nothing."""

from __future__ import annotations


class NoProof(Exception):
    """Nobody is signed in."""


class Cancelled(NoProof):
    """The person went back, or did not agree."""


class Unreachable(NoProof):
    """The provider does not answer, or says what no provider says. The text is for the log."""


class Refused(NoProof):
    """The answer does not hold. `why` is one word for the log: which check failed; nothing personal."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unknown(NoProof):
    """The provider knows them, the body has not entered them; `account` is what the provider calls them."""

    def __init__(self, account: str) -> None:
        super().__init__("unknown")
        self.account = account


class Disabled(NoProof):
    """The one who signed in was disabled here."""
