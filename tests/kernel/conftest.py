"""A small invented service (架空) for tests of the kernel, and what deciding needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from kiban.kernel.calendar import Calendar
from kiban.kernel.dates import JST
from kiban.kernel.definitions.compile import CompiledService, compile_service
from kiban.kernel.definitions.loader import read_texts
from kiban.kernel.facts import ActorFacts, BodyFacts, Facts

LIBRARY = """
slug: reading-room
label: {ja: 閲覧室, en: Reading room}
description: {ja: 試験用の架空の業務, en: An invented service for tests}
law: 架空条例1条
in_force: 2026-04-01
ministry: mext
roles:
  reader: {label: 利用者, kind: party, reach: own}
  clerk: {label: 職員}
  chief: {label: 室長}
  system: {label: システム, kind: system}
codes:
  seat: {label: 席, items: {window: 窓側, aisle: 通路側}}
parameters:
  max_hours: {label: 上限, type: integer, value: 4, law: 架空条例2条, vary: {min: 1, max: 8, law: 架空条例2条}}
  fee: {label: 使用料, type: money, values: [{from: 2026-04-01, value: 100}, {from: 2026-10-01, value: 120}], law: 架空条例3条}
forms:
  request:
    label: 申込
    sections:
      main:
        label: 申込
        fields:
          who: {label: 氏名, type: text, required: 'true', search: name}
          seat: {label: 席, type: choice, codes: seat, required: 'true'}
          hours: {label: 時間, type: integer, required: 'true', min: 1, max: 24}
          why: {label: 理由, type: text, when: hours > param.max_hours, required: 'true'}
          day: {label: 利用日, type: date, required: 'true', default: today}
registries:
  seats:
    label: 席の台帳
    key: 番号
    fields: {state: {label: 状態, type: choice, options: {free: 空き, taken: 使用中}}, kind: {label: 種類, type: choice, codes: seat}}
notices:
  taken: {to: reader, subject: 席, text: '{who}さんの席は{place}です（{param.fee}）。'}
procedures:
  visit:
    label: 利用
    pattern: application
    public: true
    form: request
    title: '{who}'
    states: {draft: 作成中, asked: 申込, seated: 着席, done: {label: 終了, final: true}}
    computed:
      cost: {label: 料金, type: money, value: hours * param.fee}
      place: {label: 席, type: text}
      ticket: {label: 整理番号, type: text}
    lookups:
      same: {registry: seats, where: {kind: seat}, at: ask}
    rules:
      - {code: E-FULL, at: ask, field: seat, check: "lookup.same.exists(s, s.state == 'free')", message: '{seat}は満席です。'}
      - {code: W-LONG, at: ask, severity: warning, field: hours, check: hours <= param.max_hours, message: '{param.max_hours}時間を超えています。'}
      - {code: R-FREE, at: seat_now, severity: refer, judgement: free, field: cost, check: cost < 1000, message: 判断が要ります。}
    actions:
      ask: {label: 申し込む, opens: true, from: draft, to: asked, roles: [reader, clerk], input: [main], set: {}}
      seat_now:
        label: 案内する
        from: asked
        to: seated
        roles: [clerk, chief]
        fields: {prefer: {label: 席, type: text}, free: {label: 無料にする, type: yes_no}}
        guards:
          - {code: not_same_person, different_from: [ask], message: 別の職員が案内してください。}
        effects:
          - {allocate: place, registry: seats, where: {state: "'free'", kind: seat}, prefer: input.prefer, none: no_seat, message: 空きがありません。}
          - {number: ticket, pattern: "'{fy}-{seq:03}'"}
          - {record: seats, key: place, set: {state: "'taken'"}}
          - {charge: fee, amount: 'coalesce(input.free, false) ? 0 : cost'}
          - {notify: taken}
      leave:
        label: 終える
        from: seated
        to: done
        roles: [clerk, system]
        effects: [{record: seats, key: place, set: {state: "'free'"}}]
    clocks:
      closing: {label: 閉室, start: seat_now, from: day, kind: expires, fires: after, act: leave, while: [seated]}
"""


@pytest.fixture(scope="session")
def library() -> CompiledService:
    return compile_service(read_texts({"service.yaml": LIBRARY}))


@pytest.fixture
def compiled() -> Callable[[str], CompiledService]:
    return lambda text: compile_service(read_texts({"service.yaml": text}))


@dataclass
class World:
    """Answers from plain data."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    seq: int = 0

    def lookup(self, request: Any) -> list[Mapping[str, Any]]:
        return [row for row in self.rows if all(row.get(k) == v for k, v in request.where.items())]

    def allocate(self, request: Any) -> str | None:
        wanted = [key for key in self.free if request.prefer in (None, key)]
        return wanted[0] if wanted else None

    def number(self, request: Any) -> str:
        from kiban.kernel.numbering import format_number

        self.seq += 1
        return format_number(request.pattern, date=request.on, seq=self.seq, body_code="131229")

    def locate(self, text: str) -> str | None:
        return "131229" if text.startswith("東京都葛飾区") else None


@pytest.fixture
def world() -> World:
    return World(rows=[{"key": "W1", "state": "free", "kind": "window"}], free=["W1", "W2"])


def facts(role: str = "reader", person: str = "r1", at: str = "2026-11-20T10:00", **more: Any) -> Facts:
    kind = {"reader": "party", "system": "system"}.get(role, "staff")
    actor = ActorFacts(person, kind, frozenset({role}))  # type: ignore[arg-type]
    return Facts(
        now=datetime.fromisoformat(at).replace(tzinfo=JST),
        body=BodyFacts("131229", "葛飾区", "special_ward"),
        actor=actor,
        parameters={"max_hours": 4, "fee": 120, **more.pop("parameters", {})},
        calendar=Calendar(),
        **more,
    )


@pytest.fixture
def facts_of() -> Callable[..., Facts]:
    return facts
