"""Who acts: roles by grant and day, tokens, participation, the calendar of a body, the clock that tests set."""

import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import IntegrityError
from tests import set_by_body

from kiban.access import actors, participation, reference
from kiban.access.models import ApiToken, ClosedDay, Participation, User
from kiban.kernel.dates import JST
from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.loader import load
from kiban.ops import clock

NOW = datetime(2026, 10, 5, 10, tzinfo=JST)
TODAY = NOW.date()
PARTY = UUID("0190a5b0-0000-7000-8000-000000000001")


@pytest.fixture(scope="module")
def service():
    return load(Path(__file__).parents[1] / "cases" / "lending")


@pytest.fixture
def staff(database):
    return User.objects.create_user("s", kind="staff", display_name="試験")


def test_roles_hold_from_day_to_day(staff, service):
    given = actors.grant(staff, "131229", service.slug, "clerk", TODAY, "総務課")
    given.to_date = TODAY + timedelta(days=1)
    given.save()
    held = {
        n: actors.actor_for(staff, "131229", service, on=TODAY + timedelta(days=n)) for n in (-1, 0, 1, 2)
    }
    assert [held[n].roles for n in (-1, 0, 1, 2)] == [set(), {"clerk"}, {"clerk"}, set()]
    assert (held[0].kind, held[0].place, held[0].department) == ("staff", "131229", "総務課")
    assert actors.actor_for(staff, "131113", service, on=TODAY).roles == frozenset()
    assert actors.bodies_of(staff, on=TODAY) == [("131229", service.slug)]
    assert actors.bodies_of(staff, on=TODAY + timedelta(days=2)) == []


def test_a_party_acts_from_its_own_partition(database, service):
    user = User.objects.create_user("p", kind="party", display_name="試験", party=PARTY)
    actor = actors.actor_for(user, "131229", service, on=TODAY)
    assert (actor.kind, actor.place, actor.roles) == ("party", f"p-{PARTY}", {"applicant"})
    with pytest.raises(IntegrityError):
        User.objects.create_user("q", kind="party", display_name="試験")


def test_tokens_are_kept_as_digests_and_end(staff):
    token = actors.new_token(staff, "test", expires_at=NOW + timedelta(days=1))
    assert actors.user_of_token(token, now=NOW) == staff
    assert actors.user_of_token(token, now=NOW + timedelta(days=2)) is None
    assert actors.user_of_token(token + "x", now=NOW) is None
    assert actors.user_of_token("\ud800", now=NOW) is None
    row = ApiToken.objects.get()
    assert token.encode() not in bytes(row.digest)
    row.revoked_at = NOW
    row.save()
    assert actors.user_of_token(token, now=NOW) is None


def test_participation_by_kind_and_by_choice(database, service):
    assert participation.level(service, "131229", TODAY) == "full"
    set_by_body.participation(compile_service(service), "131229", "none", TODAY)
    set_by_body.participation(compile_service(service), "131229", "trial", TODAY + timedelta(days=10))
    levels = [participation.level(service, "131229", TODAY + timedelta(days=n)) for n in (-1, 0, 9, 10)]
    assert levels == ["full", "none", "none", "trial"]


def test_the_calendar_of_a_body(database):
    tuesday = date(2026, 10, 6)
    assert participation.calendar("131229").is_open(tuesday)
    set_by_body.closed("131229", tuesday, "設備点検")
    assert not participation.calendar("131229").is_open(tuesday)
    assert participation.calendar("131113").is_open(tuesday)
    ClosedDay.objects.create(body="131229", date=date(2026, 10, 10), open=True)
    assert participation.calendar("131229").is_open(date(2026, 10, 10))


def test_any_change_of_reference_data_empties_the_caches(database, service, monkeypatch):
    """Whoever makes it, at the latest with the next look at the counter."""
    monkeypatch.setattr(reference, "_EVERY", 0.0)
    assert participation.level(service, "131229", TODAY) == "full"
    database.administrator.execute(
        "INSERT INTO access_participation (body, service, level, from_date) VALUES ('131229', %s, 'none', %s)",
        (service.slug, TODAY),
    )
    assert participation.level(service, "131229", TODAY) == "none"
    Participation.objects.all().delete()
    assert participation.level(service, "131229", TODAY) == "full"


def test_the_counter_is_asked_for_once_a_second(database, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(reference, "_EVERY", 3600.0)
    reference.forget()
    with django_assert_num_queries(1):
        for _ in range(5):
            reference.cached("test", lambda: 1)


def test_the_clock_stands_where_it_was_set(database):
    clock.set_clock(NOW)
    assert clock.now() == NOW
    assert clock.today() == TODAY
    clock.set_clock(None)
    assert abs(clock.now() - datetime.now(JST)) < timedelta(seconds=5)
    with pytest.raises(ValueError, match="aware"):
        clock.set_clock(datetime(2026, 1, 1))  # noqa: DTZ001


def test_production_ignores_the_clock_and_refuses_to_set_it(database):
    """In a process that runs in production mode, on a database where a clock was set."""
    clock.set_clock(NOW)
    code = (
        "import django; django.setup()\n"
        "from datetime import datetime\n"
        "from kiban.kernel.dates import JST\n"
        "from kiban.ops import clock\n"
        "print(abs((clock.now() - datetime.now(JST)).total_seconds()) < 5)\n"
        "try:\n"
        "    clock.set_clock(clock.now())\n"
        "except clock.ClockRefused:\n"
        "    print('refused')\n"
    )
    environment = {
        **database.environment(), "KIBAN_MODE": "production", "KIBAN_BASE_URL": "https://kiban.example.lg.jp",
        "DJANGO_SETTINGS_MODULE": "kiban.ops.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["True", "refused"]
    assert clock.now() == NOW
