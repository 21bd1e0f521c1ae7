"""The words in which a difference between two editions is told (kiban.kernel.definitions.difference)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kiban.kernel.definitions.words import Element, Label, Vary
from kiban.kernel.wareki import format_wareki

_LONGEST = 300

_SENTENCES = {
    "value": Label(ja="{0}: {1} → {2}（{3}から）", en="{0}: {1} → {2} from {3}"),
    "new_parameter": Label(ja="{1}が加わります（値は{2}）", en="{1} is new, with the value {2}"),
    "added": Label(ja="{0}が加わります", en="{0} is new"),
    "added_field": Label(ja="{0}が加わります（任意の項目）", en="{0} is new (optional, or required in some cases)"),
    "added_required": Label(ja="{0}が加わります（必須の項目）", en="{0} is new (required)"),
    "added_rule": Label(ja="{0}が加わります:「{1}」", en="{0} is new: “{1}”"),
    "removed": Label(ja="{0}がなくなります", en="{0} is no longer there"),
    "moved": Label(ja="{0}が区分「{1}」に移ります", en="{0} moves to the section “{1}”"),
    "attribute": Label(ja="{0}の{1}が変わります: {2} → {3}", en="{0}, {1}: {2} → {3}"),
    "now_required": Label(ja="{0}が必須になります", en="{0} becomes required"),
    "now_optional": Label(ja="{0}が任意になります", en="{0} becomes optional"),
    "required_when": Label(
        ja="{0}を必須とする条件が変わります: {1} → {2}", en="{0}, required when: {1} → {2}"
    ),
    "template": Label(ja="{0}の文面が変わります", en="the wording of {0} changes"),
}  # fmt: skip

# What an element is called, by the word under which it stands.
_KINDS = {
    "parameters": Label(ja="パラメータ", en="parameter"),
    "roles": Label(ja="役割", en="role"),
    "codes": Label(ja="コード表", en="code list"),
    "items": Label(ja="コード", en="code"),
    "options": Label(ja="選択肢", en="option"),
    "rows": Label(ja="表の行", en="row"),
    "forms": Label(ja="様式", en="form"),
    "sections": Label(ja="区分", en="section"),
    "fields": Label(ja="項目", en="field"),
    "procedures": Label(ja="手続", en="procedure"),
    "states": Label(ja="状態", en="state"),
    "computed": Label(ja="計算する項目", en="computed value"),
    "lookups": Label(ja="参照", en="lookup"),
    "rules": Label(ja="審査基準", en="rule"),
    "guards": Label(ja="行為の条件", en="condition of the action"),
    "actions": Label(ja="行為", en="action"),
    "clocks": Label(ja="期限", en="time limit"),
    "registries": Label(ja="台帳", en="registry"),
    "changes": Label(ja="台帳からの手続", en="change of the registry"),
    "documents": Label(ja="交付文書", en="document"),
    "notices": Label(ja="通知", en="notice"),
    "charges": Label(ja="請求の科目", en="charge"),
    "figures": Label(ja="統計", en="figure"),
    "imports": Label(ja="取込み", en="import"),
    "problems": Label(ja="入力の誤り", en="problem"),
    "questions": Label(ja="よくある質問", en="question"),
}

# What an attribute of an element is called.
WORDS = {
    "in_force": Label(ja="施行の日", en="day of entry into force"),
    "label": Label(ja="名称", en="name"),
    "description": Label(ja="説明", en="description"),
    "help": Label(ja="説明", en="help"),
    "law": Label(ja="根拠", en="legal basis"),
    "ministry": Label(ja="所管", en="ministry"),
    "retention": Label(ja="保存期間", en="retention"),
    "participation": Label(ja="参加の既定", en="participation by default"),
    "contact": Label(ja="連絡先", en="contact"),
    "vary": Label(ja="団体の裁量", en="what a body may set"),
    "unit": Label(ja="単位", en="unit"),
    "type": Label(ja="型", en="type"),
    "nullable": Label(ja="空欄の可否", en="may be empty"),
    "note": Label(ja="注", en="note"),
    "options": Label(ja="選択肢", en="options"),
    "codes": Label(ja="コード表", en="code list"),
    "options_from": Label(ja="選択肢のもと", en="where the options come from"),
    "correction": Label(ja="補正の伝え方", en="what is asked for when it is sent back"),
    "valid_from": Label(ja="有効の始期", en="first day of validity"),
    "valid_to": Label(ja="有効の終期", en="last day of validity"),
    "source": Label(ja="出典", en="source"),
    "when": Label(ja="条件", en="condition"),
    "check": Label(ja="判定の式", en="test"),
    "message": Label(ja="利用者への文言", en="message"),
    "severity": Label(ja="扱い（誤り・注意・判断・案内）", en="severity"),
    "at": Label(ja="判定する行為", en="actions at which it is tested"),
    "field": Label(ja="対象の項目", en="field"),
    "judgement": Label(ja="判断を記録する項目", en="field of the judgement"),
    "suggest": Label(ja="提案する値", en="suggested value"),
    "default": Label(ja="初期値", en="default"),
    "max_length": Label(ja="文字数の上限", en="longest length"),
    "pattern": Label(ja="文字の形式", en="form of the text"),
    "min": Label(ja="下限", en="least value"),
    "max": Label(ja="上限", en="largest value"),
    "max_items": Label(ja="件数の上限", en="most items"),
    "example": Label(ja="記入例", en="example"),
    "readers": Label(ja="閲覧できる役割", en="who reads it"),
    "roles": Label(ja="できる役割", en="who may do it"),
    "reach": Label(ja="届く範囲", en="reach"),
    "administers": Label(ja="団体の設定をする役割", en="administers the body's settings"),
    "from_": Label(ja="行える状態（起点）", en="from"),
    "to": Label(ja="行為の後の状態", en="next state"),
    "input": Label(ja="入力する区分", en="sections to fill in"),
    "effects": Label(ja="効果", en="effects"),
    "always": Label(ja="いつもの効果", en="effects of every act"),
    "set": Label(ja="定まる値", en="values that are set"),
    "done": Label(ja="完了の文言", en="words when done"),
    "style": Label(ja="ボタンの体裁", en="style of the button"),
    "opens": Label(ja="案件を開く行為", en="opens a case"),
    "decides": Label(ja="決定する行為", en="decides"),
    "final": Label(ja="終局かどうか", en="final"),
    "public": Label(ja="公開・申請者への表示", en="public"),
    "step": Label(ja="進み具合の段", en="step"),
    "value": Label(ja="計算の式", en="formula"),
    "start": Label(ja="始まる行為", en="starts with"),
    "n": Label(ja="期間", en="length"),
    "direction": Label(ja="前後", en="before or after"),
    "first_day": Label(ja="初日の扱い", en="first day"),
    "roll": Label(ja="閉庁日に当たるときの扱い", en="when the office is closed"),
    "fires": Label(ja="到来したとき", en="fires"),
    "act": Label(ja="到来したときの行為", en="act when it fires"),
    "notify": Label(ja="通知", en="notices"),
    "while_": Label(ja="意味のある状態", en="states in which it counts"),
    "filter": Label(ja="絞り込み", en="filter"),
    "where": Label(ja="一致の条件", en="matching"),
    "key": Label(ja="見出し", en="key"),
    "columns": Label(ja="一覧の列", en="columns"),
    "template": Label(ja="ひな形", en="template"),
    "extra": Label(ja="文面に入る値", en="values in the wording"),
    "subject": Label(ja="件名・対象", en="subject"),
    "text": Label(ja="本文", en="text"),
    "title": Label(ja="案件の見出し", en="title of the case"),
    "personal": Label(ja="個人情報の扱い", en="personal data"),
    "secret": Label(ja="秘密の扱い", en="secret"),
    "search": Label(ja="検索の対象", en="searchable"),
    "keywords": Label(ja="探す言葉", en="keywords"),
    "life_events": Label(ja="ライフイベント", en="life events"),
    "fee_note": Label(ja="手数料の説明", en="note on fees"),
    "question": Label(ja="質問", en="question"),
    "answer": Label(ja="答え", en="answer"),
    "procedure": Label(ja="手続", en="procedure"),
    "grant": Label(ja="権限付与", en="grant"),
    "basis": Label(ja="根拠", en="basis"),
    "until": Label(ja="期限", en="until"),
    "sections": Label(ja="区分", en="sections"),
    "fields": Label(ja="項目", en="fields"),
    "documents": Label(ja="交付文書", en="documents"),
    "different_from": Label(ja="別の人が行うべき行為", en="acts of another person"),
    "hides": Label(ja="条件に合わないとき画面に出さない", en="not offered while it refuses"),
    "rows": Label(ja="行", en="rows"),
    "not_in": Label(ja="重ならないようにする台帳", en="registry whose keys are passed over"),
    "offered": Label(ja="画面での受付", en="offered on pages"),
    "action": Label(ja="行為", en="action"),
    "max_rows": Label(ja="行数の上限", en="most rows"),
    "max_fields": Label(ja="団体が加えられる項目の数", en="fields that a body may add"),
    "types": Label(ja="団体が加えられる項目の型", en="types of fields that a body may add"),
    "account": Label(ja="歳入科目", en="heading of revenue"),
    "payer": Label(ja="納入者の項目", en="field of the payer"),
    "receipt": Label(ja="領収番号の書式", en="pattern of receipt numbers"),
    "payments": Label(ja="収納の定め", en="ways of paying"),
    "methods": Label(ja="収納方法のコード表", en="code list of the ways to pay"),
    "cash": Label(ja="現金として数える方法", en="counted as cash"),
    "matched": Label(ja="入金明細と突き合わせる方法", en="matched with statements"),
    "four_eyes": Label(ja="締めの確認者を要する条件", en="closing needs a second person when"),
    "online_payment": Label(ja="オンライン納付", en="online payment"),
    "charge": Label(ja="請求", en="charge"),
    "otherwise": Label(ja="それができないときの行為", en="act where that is refused"),
    "method": Label(ja="収納方法", en="way of paying"),
    "reference": Label(ja="照会番号", en="reference"),
}


def said(sentence: str, *parts: Label) -> Label:
    """A sentence with its parts, in both languages."""
    word = _SENTENCES[sentence]
    ja = word.ja.format(*(part.ja for part in parts))
    en = word.en.format(*(part.text("en") for part in parts))
    return Label(ja=ja, en=en[:1].upper() + en[1:])


def element_label(element: Element, path: tuple[str, ...]) -> Label:
    """An element by what it is and what it is called: パラメータ「手数料」."""
    kind = _KINDS.get(path[-2]) if len(path) > 1 else None
    named = _name(element, path)
    if kind is None:
        return Label(ja=f"業務「{named.ja}」", en=f"service “{named.text('en')}”")
    return Label(ja=f"{kind.ja}「{named.ja}」", en=f"{kind.text('en')} “{named.text('en')}”")


def _name(element: Element, path: tuple[str, ...]) -> Label:
    found = getattr(element, "label", None) or (
        None
        if hasattr(element, "code")
        else getattr(element, "subject", None) or getattr(element, "question", None)
    )
    code = getattr(element, "code", None)
    if isinstance(found, Label):
        return found
    return Label(ja=str(code or (path[-1] if path else "")))


def value_words(value: object) -> Label:
    """A word of a definition as an official reads it."""
    ja, en = _words(value, "ja"), _words(value, "en")
    return Label(
        ja=ja[:_LONGEST] + ("…" if len(ja) > _LONGEST else ""),
        en=en[:_LONGEST] + ("…" if len(en) > _LONGEST else ""),
    )


def _words(value: object, language: str) -> str:
    ja = language == "ja"
    if value is None or value == "" or value == () or value == {}:
        return "なし" if ja else "none"
    if isinstance(value, bool):
        return ("はい" if value else "いいえ") if ja else ("yes" if value else "no")
    if isinstance(value, date):
        return format_wareki(value) if ja else value.isoformat()
    if isinstance(value, Label):
        return f"「{value.ja}」" if ja else f"“{value.text('en')}”"
    if isinstance(value, Vary):
        return _bounds(value, ja)
    if isinstance(value, Element):
        return _element_words(value, language)
    if isinstance(value, Mapping):
        return "、".join(f"{key}: {_words(item, language)}" for key, item in value.items())
    if isinstance(value, tuple | list):
        return ("、" if ja else ", ").join(_words(item, language) for item in value)
    return str(value)


def _bounds(vary: Vary, ja: bool) -> str:
    parts = []
    if vary.min is not None or vary.max is not None:
        parts.append(f"{vary.min or ''}〜{vary.max or ''}" if ja else f"{vary.min or ''} to {vary.max or ''}")
    if vary.codes is not None:
        parts.append("、".join(vary.codes))
    if vary.required:
        parts.append(("必ず含む: " if ja else "always with: ") + "、".join(vary.required))
    if vary.law:
        parts.append(vary.law)
    return ("、".join(parts) if ja else ", ".join(parts)) or ("団体が定める" if ja else "open to a body")


def _element_words(value: Element, language: str) -> str:
    shown = []
    for name in type(value).model_fields:
        item = getattr(value, name)
        if name in ("name", "kind") or item in (None, "", (), {}):
            continue
        words = WORDS.get(name)
        shown.append(f"{words.text(language) if words else name} {_words(item, language)}")
    return ("、" if language == "ja" else ", ").join(shown)
