"""What holds for whatever is sent: reading answers, and what it takes can be stored, shown and read again."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.values import CODECS, Codec
from tests.kernel.values.support import CONTEXT, make

_PLAIN = [kind for kind in CODECS if kind not in ("group", "grid")]
_PARTS = {
    kind: {"label": kind, "type": kind, **({"codes": "colour"} if kind == "choice" else {})}
    for kind in _PLAIN
}
FIELDS: dict[str, Codec] = {
    **{kind: make(kind) for kind in _PLAIN},
    "group": make("group", fields=_PARTS),
    "grid": make("grid", fields=_PARTS, rows={"text": "一", "name": {"label": "二"}}),
    "listed": make("multiple", codes="colour"),
    "code": make("text", normalise="code", search="exact"),
    "name": make("text", search="name"),
    "bounded": make("decimal", min=-5, max=5),
}

_KEYS = st.sampled_from(
    [
        "value",
        "text",
        "mark",
        "lg_code",
        "name",
        "sha256",
        "size",
        "type",
        "document",
        "lat",
        "lon",
        "datum",
        "precision",
        *_PLAIN,
    ]
)
_WORDS = st.sampled_from(
    ["red", "blue", "赤", "131229", "true", "はい", "5" * 64, "prefilled", "hidden", "a@b.jp"]
)
_TYPED = st.text("0123456789０１-/年月日令和元RHS.,¥円()+@〒 \u3000はアｱ\n:時分、e", max_size=14)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | _TYPED | _WORDS
ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_KEYS | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", FIELDS)
@given(raw=ANYTHING)
def test_anything_may_be_sent(name, raw):
    field = FIELDS[name]
    reading = field.read(raw, CONTEXT, "item")
    for problem in reading.problems:
        assert problem.field.startswith("item")
        assert problem.message.ja.encode()
        assert problem.message.en.encode()
    if reading.text is not None:
        assert "\x00" not in reading.text
        assert reading.text.encode()
    for language in ("ja", "en"):
        assert isinstance(field.display(reading.value, language), str)
    assert all(key.encode() for key in field.search_keys(reading.value))
    if reading.value is not None and not reading.problems:
        stored = field.to_json(reading.value)
        assert json.loads(json.dumps(stored)) == stored
        assert field.from_json(stored) == reading.value
        again = field.read(stored, CONTEXT, "item")
        assert (again.value, again.text, again.problems) == (reading.value, None, ())


@given(st.integers(-(10**15), 10**15))
def test_every_amount_is_read_as_it_is_shown(amount):
    assert FIELDS["money"].read(FIELDS["money"].display(amount), CONTEXT, "item").value == amount


@given(st.dates(date(1873, 1, 1), date(2999, 12, 31)))
def test_every_date_is_read_as_it_is_shown(day):
    field = FIELDS["date"]
    for text in (field.display(day, style="wareki"), field.display(day, "en"), f"{day:%Y/%m/%d}"):
        assert field.read(text, CONTEXT, "item").value == day


@given(st.times())
def test_every_time_is_read_as_it_is_shown(moment):
    moment = moment.replace(second=0, microsecond=0)
    assert FIELDS["time"].read(FIELDS["time"].display(moment), CONTEXT, "item").value == moment


@given(st.fractions())
def test_every_number_survives_storing(number):
    field = FIELDS["decimal"]
    assert field.from_json(field.to_json(number)) == number
    assert isinstance(field.display(number), str)


@given(st.decimals(-(10**15), 10**15, places=6))
def test_every_decimal_is_read_as_it_is_stored(number):
    field = FIELDS["decimal"]
    assert field.read(field.to_json(Fraction(number)), CONTEXT, "item").value == Fraction(number)


def test_deep_nesting_is_answered():
    raw: object = "x"
    for _ in range(900):
        raw = [raw]
    for field in FIELDS.values():
        assert field.read(raw, CONTEXT, "item").problems
    raw = ""
    for _ in range(900):
        raw = {"value": raw, "mark": "answered"}
    for field in FIELDS.values():
        field.read(raw, CONTEXT, "item")
