"""At the same moment: payments get their numbers without a gap, and none slips into a day that is being closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from kiban.access.scope import scope
from kiban.cases import door
from kiban.money.models import Closing, Entry
from tests.web.conftest import BODY
from tests.web.money.conftest import MONEY, Granted, Person
from tests.web.money.test_online import begin, say
from tests.web.test_desk import act


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Runs each in a thread and connection of its own; what they answer."""
    found: list[Any] = [None] * len(work)
    gate = threading.Barrier(len(work))

    def run(place: int) -> None:
        try:
            gate.wait(10)
            found[place] = work[place]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def _pay(granted: Granted, clerk: Any) -> Callable[[], Any]:
    from kiban.access.actors import actor_for
    from kiban.definitions import editions
    from kiban.ops import clock

    service = editions.current("temporary-plate", clock.today()).service
    actor = actor_for(clerk.user, BODY, service, on=clock.today())
    given = {"amount": 750, "method": "cash"}
    return lambda: door.act(
        BODY, "temporary-plate", None, granted.id, "pay", actor, given, idempotency_key=granted.id, route="t"
    )


def test_numbers_have_no_gap_and_a_closing_is_whole(person: Person) -> None:
    cases = [Granted(person, f"NZE121-000000{n}") for n in range(4)]
    clerk = person("clerk")
    work = [_pay(case, clerk) for case in cases]
    colleague = person("clerk")

    def closing() -> int:
        said = {"do": "close", "total": "0", "reason": "締めの試験"}
        return colleague.client.post(f"{MONEY}days/2026-10-02/", said).status_code

    found = at_once(*work[:2], closing, *work[2:])
    assert [outcome.status for outcome in (*found[:2], *found[3:])] == ["done"] * 4
    assert found[2] == 302
    with scope(BODY):
        entries = list(Entry.objects.filter(body=BODY, do="settle"))
        row = Closing.objects.get(body=BODY)
    assert sorted(entry.receipt for entry in entries) == [f"R08-0000{n}" for n in range(1, 5)]
    inside = [entry for entry in entries if entry.book_day == row.day]
    assert row.cash_expected == 750 * len(inside)  # whoever came after it stands on the next day
    assert {entry.book_day.isoformat() for entry in entries} <= {"2026-10-02", "2026-10-03"}


def test_one_payment_said_many_times_at_once_is_entered_once(
    person: Person, granted: Granted, settings
) -> None:
    settings.KIBAN_PAYMENT_ADAPTER = "kiban.money.sandbox.Sandbox"
    reference = begin(granted)
    answers = at_once(*[lambda n=n: say(reference, identity=f"e{n % 2}") for n in range(6)])
    assert set(answers) <= {204}
    with scope(BODY):
        assert Entry.objects.filter(body=BODY, reference=reference).count() == 1


def test_the_counter_and_the_callback_at_once(person: Person, granted: Granted, settings) -> None:
    settings.KIBAN_PAYMENT_ADAPTER = "kiban.money.sandbox.Sandbox"
    reference = begin(granted)
    counter, callback = at_once(_pay(granted, person("clerk")), lambda: say(reference))
    assert callback == 204
    with scope(BODY):
        taken = sum(e.amount for e in Entry.objects.filter(body=BODY, do="settle"))
    # Whoever was first, what the other did is not lost: a counter payment is refused, or an excess is entered.
    assert taken == (1500 if counter.status == "done" else 750)


def test_what_goes_back_after_a_closing_is_an_entry_of_its_own_day(person: Person, granted: Granted) -> None:
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    clerk.post(f"{MONEY}days/2026-10-02/", {"do": "close", "total": "750"})
    act(clerk, granted.desk, "void_payment", amount="750", method="cash", comment="別の案件の収納")
    with scope(BODY):
        days = {e.do: e.book_day.isoformat() for e in Entry.objects.filter(body=BODY)}
    assert days == {"raise": "2026-10-02", "settle": "2026-10-02", "void": "2026-10-03"}
