"""Absence and deputies on the pages: set by oneself, ended, by an administrator for others; shown to the deputy."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
DESK = f"/desk/{BODY}/temporary-plate/"
ABSENCE = f"{DESK}absence/"


def test_a_deputy_is_named_and_told(person: Person, words: Words) -> None:
    away, deputy = person("approver", name="例示 佐藤"), person("clerk", name="例示 鈴木")
    assert "不在の登録はありません" in away.get(ABSENCE)
    assert away.user is not None and deputy.user is not None
    typed = {"deputy": "", "from": "2026-10-01", "to": "2026-10-09", "why": "休暇"}
    page = away.post(ABSENCE, typed, 422)
    assert "代理の人を選んでください" in page
    assert 'value="休暇"' in page
    away.post(
        ABSENCE, {**typed, "deputy": str(deputy.user.id), "from": "2026-10-02", "person": str(deputy.user.id)}
    )
    assert "例示 佐藤" in words(away.get(ABSENCE))
    said = words(deputy.get(DESK))
    assert "次の方の代理です：例示 佐藤" in said
    assert "不在の登録はありません" in deputy.get(ABSENCE)  # others' absences are not one's own
    row = away.get(ABSENCE).split('name="end" value="')[1].split('"')[0]
    deputy.post(ABSENCE, {"end": row, "last_day": "2026-10-02", "end_why": "x"})
    assert "例示 佐藤" in words(away.get(ABSENCE))
    away.post(ABSENCE, {"end": row, "last_day": "2026-10-01", "end_why": "早く戻った"})
    assert "次の方の代理です" not in words(deputy.get(DESK))


def test_an_administrator_sets_it_for_others(person: Person, words: Words) -> None:
    away, deputy = person("approver", name="例示 佐藤"), person("clerk", name="例示 鈴木")
    boss = person("body_admin", name="例示 管理")
    assert away.user is not None and deputy.user is not None
    boss.post(ABSENCE, {"person": str(away.user.id), "deputy": str(deputy.user.id), "from": "2026-10-02",
                        "to": "2026-10-03", "why": "急病"})  # fmt: skip
    assert "例示 佐藤 今" in words(boss.get(ABSENCE))
    history = words(boss.get(f"{DESK}settings/history/"))
    assert "不在 例示 佐藤 → 例示 鈴木" in history
    assert "急病" in history
    person("mlit", body="mlit").get(ABSENCE, 404)
