"""Every message about expressions: code → (English, Japanese)."""

MESSAGES: dict[str, tuple[str, str]] = {
    # The text itself
    "too_long": (
        "The expression has {length} characters; at most {most} are allowed.",
        "式が{length}字あります。{most}字以内にしてください。",
    ),
    "too_deep": (
        "The expression is nested more than {most} levels deep. Split it into several.",
        "式の入れ子が{most}段を超えています。いくつかの式に分けてください。",
    ),
    "empty": ("The expression is empty.", "式が空です。"),
    "bad_character": ("The character {text} can't stand here.", "「{text}」はここでは使えません。"),
    "bad_operator": ("{text} is not an operator of expressions.", "「{text}」という演算子はありません。"),
    "open_text": ("The text is not closed by {quote}.", "文字列が{quote}で閉じられていません。"),
    "bad_escape": (
        "{text} is not an escape. Use \\\\ \\\" \\' \\n \\r \\t \\uXXXX or \\UXXXXXXXX.",
        "「{text}」という書き方はありません。\\\\ \\\" \\' \\n \\r \\t \\uXXXX \\UXXXXXXXX が使えます。",
    ),
    "bad_number": ("{text} is not a number.", "「{text}」は数として読めません。"),
    "number_too_large": (
        "A number is larger than 10^18 or has too fine a fraction. Round earlier.",
        "数が10の18乗を超えたか、分母が大きくなりすぎました。途中で丸めてください。",
    ),
    "unexpected": ("{found} was not expected here; {expected}.", "ここに{found}は置けません。{expected}。"),
    "reserved": (
        "{name} is a reserved word and can't be a name.",
        "「{name}」は予約語のため名前に使えません。",
    ),
    "bad_macro": (
        "{kind} is written list.{kind}({form}).",
        "{kind}は「一覧.{kind}({form})」の形で書きます。",
    ),
    "bad_has": (
        "has() takes a name or a path such as has(a.b).",
        "has()には名前か、has(a.b)のような経路を書きます。",
    ),
    "row_key": (
        'A key of a row is written as text: {{"name": value}}.',
        '行のキーは {{"名前": 値}} のように文字列で書きます。',
    ),
    "row_key_twice": ("The key {name} stands twice.", "キー「{name}」が2回あります。"),
    # Names
    "unknown_name": ("There is no {name}.", "「{name}」という名前はありません。"),
    "unknown_member": ("{type} has no {name}.", "{type}に「{name}」はありません。"),
    "unknown_function": ("There is no function {name}().", "{name}()という関数はありません。"),
    "function_not_called": (
        "{name} is a function; call it as {name}(…).",
        "{name}は関数です。{name}(…)の形で使ってください。",
    ),
    "shadowed": (
        "{name} already means something here; choose another variable.",
        "「{name}」はすでに使われています。別の変数名にしてください。",
    ),
    # Types
    "expected_type": (
        "{expected} is needed here, but this is {found}.",
        "ここには{expected}が要りますが、これは{found}です。",
    ),
    "maybe_null": (
        "This may be null. Guard it (x != null && …, x == null ? … : …) or use coalesce(x, …).",
        "nullのことがあります。x != null && … や x == null ? … : … で確かめるか、"
        "coalesce(x, …)を使ってください。",
    ),
    "never_null": (
        "{type} is never null. Ask has(…) whether it is answered.",
        "{type}はnullになりません。回答の有無はhas(…)で調べてください。",
    ),
    "bad_operands": (
        "{operator} can't be used between {left} and {right}.",
        "「{operator}」は{left}と{right}の間では使えません。",
    ),
    "bad_operand": ("{operator} can't be used on {type}.", "「{operator}」は{type}には使えません。"),
    "chained": (
        "Comparisons can't be chained: write a < b && b < c.",
        "比較は続けて書けません。a < b && b < c の形にしてください。",
    ),
    "never_equal": (
        "{left} and {right} can never be equal.",
        "{left}と{right}が等しくなることはありません。",
    ),
    "not_in_list": (
        "{text} is not a code of {name}.",
        "「{text}」は{name}のコードにありません。",
    ),
    "mixed": (
        "The values differ in type: {left} and {right}.",
        "値の型が揃っていません（{left}と{right}）。",
    ),
    "not_a_list": (
        "A list is needed here, but this is {found}.",
        "ここには一覧が要りますが、これは{found}です。",
    ),
    "not_a_row": ("{found} has no members.", "{found}に項目はありません。"),
    "arity": (
        "{name}() takes {expected} arguments, but {found} are given.",
        "{name}()の引数は{expected}個ですが、{found}個あります。",
    ),
    "no_overload": (
        "{name}() can't take ({found}). It is {forms}.",
        "{name}()に（{found}）は渡せません。使い方は {forms} です。",
    ),
    "literal_needed": (
        "{name}() needs a text written here in quotes.",
        "{name}()のこの引数は、引用符で囲んだ文字列で書いてください。",
    ),
    "bad_literal": (
        "{text} can't be used in {name}(): {why}.",
        "「{text}」は{name}()に使えません（{why}）。",
    ),
    "text_too_long": (
        "The text may grow to {length} characters; at most {most} are allowed.",
        "文字列が最大{length}字になり得ます。上限は{most}字です。",
    ),
    "cost": (
        "The expression may take {cost} steps; at most {limit} are allowed. "
        "Shorten lists or nest fewer macros.",
        "式の計算量が最大{cost}になり得ます。上限は{limit}です。一覧の上限を下げるか、入れ子を減らしてください。",
    ),
    # While running
    "division_by_zero": ("Division by zero.", "0で割ることはできません。"),
    "bad_value": (
        "The value given for {name} is not {type}.",
        "「{name}」に渡された値は{type}ではありません。",
    ),
    "value_too_long": (
        "The text given for {name} has {length} characters; at most {most} are declared.",
        "「{name}」に渡された文字列は{length}字です。上限は{most}字と定められています。",
    ),
    "too_many_items": (
        "The list given for {name} has {count} items; at most {most} are declared.",
        "「{name}」に渡された一覧は{count}件です。上限は{most}件と定められています。",
    ),
    "no_such_item": (
        "The list has {count} items, none at {index} (the first is 0).",
        "一覧は{count}件で、{index}番目（先頭が0）はありません。",
    ),
    "date_range": ("The date lies outside the calendar.", "日付が暦の範囲を超えています。"),
    "not_whole": (
        "{number} is not a whole number. Round it by name.",
        "{number}は整数ではありません。丸め方を指定してください。",
    ),
    "not_a_number": ("{text} is not a number.", "「{text}」は数として読めません。"),
    "endless_decimal": (
        "{number} has no finite decimal form. Round it by name first.",
        "{number}は小数で書き切れません。先に丸めてください。",
    ),
    "digits_range": ("Digits must lie between -18 and 18.", "桁数は-18から18までです。"),
    "too_many_parts": (
        "The text splits into more than {most} parts.",
        "文字列が{most}個を超える部分に分かれます。",
    ),
    "empty_separator": ("The separator is empty.", "区切りの文字列が空です。"),
    "failed": ("It can't be computed: {why}.", "計算できません（{why}）。"),
}
