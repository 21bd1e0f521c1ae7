"""What changes from one edition to the next: nothing is left out, and an official can read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.difference import Change, difference
from kiban.kernel.definitions.loader import read_texts

TEXT = """
slug: test-dogs
label: {ja: 犬の登録, en: Dogs}
description: {ja: 試験の業務, en: A service for tests}
law: 試験法1条
in_force: 2026-04-01
ministry: digital
participation: {default: full}
roles:
  applicant: {label: {ja: 申請者, en: Applicant}, kind: party, reach: own}
  clerk: {label: {ja: 職員, en: Clerk}}
codes:
  breed: {label: {ja: 犬種, en: Breed}, items: {shiba: {label: {ja: 柴犬, en: Shiba}}, akita: {label: {ja: 秋田犬, en: Akita}}}}
parameters:
  most: {label: {ja: 頭数の上限, en: Most dogs}, type: integer, unit: 頭, value: 5, law: 試験法3条}
  fee: {label: {ja: 手数料, en: Fee}, type: money, value: 300, law: 条例, vary: {law: 条例, min: 0, max: 1000}}
forms:
  registration:
    label: {ja: 登録申請書, en: Registration}
    sections:
      owner:
        label: {ja: 飼い主, en: Owner}
        fields:
          owner: {label: {ja: 氏名, en: Name}, type: text, required: 'true', max_length: 50}
          phone: {label: {ja: 電話番号, en: Telephone}, type: phone}
      dog:
        label: {ja: 犬, en: Dog}
        fields:
          breed: {label: {ja: 犬種, en: Breed}, type: choice, codes: breed}
          number: {label: {ja: 頭数, en: Number}, type: integer, required: 'true'}
documents:
  tag: {label: {ja: 鑑札, en: Tag}, template: tag.typ}
notices:
  received: {to: applicant, subject: {ja: 受付, en: Received}, text: {ja: 受け付けました。, en: Received.}}
procedures:
  registration:
    label: {ja: 登録, en: Registration}
    pattern: application
    form: registration
    states:
      draft: {label: {ja: 作成中, en: Draft}}
      submitted: {label: {ja: 受付, en: Received}}
      done: {label: {ja: 登録済, en: Registered}, final: true}
    rules:
      - {code: E-MOST, at: submit, field: number, law: 試験法3条, check: number <= param.most, message: {ja: 多すぎます。, en: Too many.}}
    actions:
      submit: {label: {ja: 申請する, en: Submit}, opens: true, from: draft, to: submitted, roles: applicant, input: [owner, dog], effects: [{notify: received}]}
      register: {label: {ja: 登録する, en: Register}, from: submitted, to: done, roles: clerk, effects: [{document: tag}]}
    clocks:
      answer: {label: {ja: 標準処理期間, en: Standard time}, start: submit, from: today, n: '5', unit: business_days}
"""
TEMPLATE = "#let body = []"


def _compiled(text: str):
    return compile_service(read_texts({"service.yaml": text}))


def _changes(*edits: tuple[str, str]) -> tuple[Change, ...]:
    text = TEXT
    for old, new in edits:
        assert text.count(old) == 1, (old, text.count(old))
        text = text.replace(old, new)
    return difference(_compiled(TEXT), _compiled(text))


NEXT = ("in_force: 2026-04-01", "in_force: 2027-04-01")


def test_the_same_edition_has_no_difference() -> None:
    assert _changes() == ()


def test_a_parameter_with_its_article_and_day() -> None:
    changes = _changes(NEXT, ("value: 5", "value: 7"))
    lines = [change.line() for change in changes]
    assert lines[0] == "パラメータ「頭数の上限」: 5頭 → 7頭（令和9年4月1日から）（試験法3条）"
    assert changes[0].line("en") == "Parameter “Most dogs”: 5 頭 → 7 頭 from 2027-04-01 (試験法3条)"
    assert "施行の日" in lines[1]
    assert len(lines) == 2


def test_dated_values_are_told_each_with_its_own_day() -> None:
    values = "values: [{from: 2026-04-01, value: 5}, {from: 2026-10-01, value: 6, law: 改正法2条}, {from: 2027-10-01, value: 7}]"
    assert [c.line() for c in _changes(("value: 5", values))] == [
        "パラメータ「頭数の上限」: 5頭 → 6頭（令和8年10月1日から）（改正法2条）",
        "パラメータ「頭数の上限」: 5頭 → 7頭（令和9年10月1日から）（改正法2条）",
    ]


@pytest.mark.parametrize(
    ("edit", "kind", "ja", "en"),
    [
        (("type: phone}", "type: phone, required: 'true'}"), "changed", "項目「電話番号」が必須になります", "becomes required"),
        (("text, required: 'true'", "text"), "changed", "項目「氏名」が任意になります", "becomes optional"),
        (("required: 'true'}\ndocuments", "required: has(breed)}\ndocuments"), "changed", "必須とする条件が変わります: true → has(breed)", "has(breed)"),
        (("          phone: {label: {ja: 電話番号, en: Telephone}, type: phone}\n", ""), "removed", "項目「電話番号」がなくなります", "no longer"),
        (("          breed: {label", "          name: {label: {ja: 名前, en: Its name}, type: text, required: 'true'}\n          breed: {label"), "added", "項目「名前」が加わります（必須の項目）", "is new (required)"),
        (("          breed: {label", "          name: {label: {ja: 名前, en: Its name}, type: text}\n          breed: {label"), "added", "項目「名前」が加わります（任意の項目）", "is new"),
        ((", akita: {label: {ja: 秋田犬, en: Akita}}", ""), "removed", "コード「秋田犬」がなくなります", "Code “Akita”"),
        (("number <= param.most, message", "number < param.most, message"), "changed", "審査基準「E-MOST」の判定の式が変わります: number <= param.most → number < param.most（試験法3条）", "test"),
        (("    actions:", "      - {code: E-ONE, at: submit, field: number, check: number > 0, message: {ja: 1頭以上です。, en: At least one.}}\n    actions:"), "added", "審査基準「E-ONE」が加わります:「1頭以上です。」", "At least one."),
        (("    actions:", "    lookups: {}\n    actions:"), None, "", ""),
        (("final: true}", "final: true}\n      gone: {label: {ja: 廃止, en: Gone}, final: true}"), "added", "状態「廃止」が加わります", "state"),
        (("roles: clerk, effects", "roles: [clerk, applicant], effects"), "changed", "行為「登録する」のできる役割が変わります: clerk → clerk、applicant", "clerk, applicant"),
        (("effects: [{document: tag}]", "effects: []"), "changed", "行為「登録する」の効果が変わります", "effects"),
        (("n: '5'", "n: '7'"), "changed", "期限「標準処理期間」の期間が変わります: 5 → 7", "length: 5 → 7"),
        (("max: 1000", "max: 2000"), "changed", "パラメータ「手数料」の団体の裁量が変わります: 0〜1000、条例 → 0〜2000、条例（条例）", "0 to 2000"),
        (("kind: party, reach: own", "kind: party, reach: granted"), "changed", "役割「申請者」の届く範囲が変わります: own → granted", "reach"),
        (("text: {ja: 受け付けました。, en: Received.}", "text: {ja: 受理しました。, en: Taken.}"), "changed", "通知「受付」の本文が変わります: 「受け付けました。」 → 「受理しました。」", "Taken."),
        (("template: tag.typ}", "template: tag.typ, law: 試験法4条}"), "changed", "交付文書「鑑札」の根拠が変わります: なし → 試験法4条", "legal basis"),
        (("participation: {default: full}", "participation: {default: none}"), "changed", "業務「犬の登録」の参加の既定が変わります", "participation"),
        (("  most: {label: {ja: 頭数の上限, en: Most dogs}", "  kept: {label: {ja: 保存期間, en: Kept}, type: integer, unit: 年, value: 3, law: 規程}\n  most: {label: {ja: 頭数の上限, en: Most dogs}"), "added", "パラメータ「保存期間」が加わります（値は3年）（規程）", "with the value 3"),
        (("ministry: digital\n", "ministry: digital\nquestions: {cost: {question: {ja: いくらですか。, en: How much?}, answer: {ja: '{param.fee}です。', en: '{param.fee}'}}}\n"), "added", "よくある質問「いくらですか。」が加わります", "Question “How much?” is new"),
    ],
)  # fmt: skip
def test_each_thing_in_words(edit: tuple[str, str], kind: str | None, ja: str, en: str) -> None:
    changes = _changes(edit)
    if kind is None:
        assert changes == ()
        return
    assert len(changes) == 1
    assert changes[0].kind == kind
    assert ja in changes[0].line()
    assert en.lower() in changes[0].line("en").lower()


def test_a_field_that_moves_is_told_as_moved() -> None:
    phone = "          phone: {label: {ja: 電話番号, en: Telephone}, type: phone}\n"
    changes = _changes((phone, ""), ("          breed: {label", f"{phone}          breed: {{label"))
    assert "項目「電話番号」が区分「犬」に移ります" in [change.line() for change in changes]


def test_the_wording_of_a_document() -> None:
    service = _compiled(TEXT)
    changes = difference(service, service, {"documents/tag.typ": "a"}, {"documents/tag.typ": "b"})
    assert [change.line() for change in changes] == ["交付文書「鑑札」の文面が変わります"]


def test_whatever_differs_is_told() -> None:
    """Every scalar word of both services, changed alone, gives at least one line (or is refused)."""
    folder = Path(__file__).parents[2] / "services" / "house-subsidy"
    from kiban.kernel.definitions.loader import read_folder

    files = read_folder(folder)
    service = compile_service(read_texts(files))
    tried = 0
    for path, text in files.items():
        for line in {line for line in text.splitlines() if "ja: " in line}:
            words = line.split("ja: ", 1)[1]
            other = line.replace(f"ja: {words}", f"ja: 改{words}", 1) if words[0] not in "'\"{" else None
            if other is None or text.count(line) != 1:
                continue
            changed = compile_service(read_texts({**files, path: text.replace(line, other)}))
            assert difference(service, changed), line
            tried += 1
    assert tried > 30
