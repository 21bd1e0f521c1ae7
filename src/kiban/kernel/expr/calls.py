"""Which overload a call means, and what is wrong with it where it means none."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kiban.kernel.expr.checking import LONGEST_TEXT, Checking, named
from kiban.kernel.expr.functions import Function
from kiban.kernel.expr.tree import (
    Call,
    Literal,
    Node,
)
from kiban.kernel.expr.types import (
    UNKNOWN,
    Text,
    Type,
    assignable,
    may_be_null,
    strip,
)


class CallChecker(Checking):
    """Checks calls of functions."""

    def _call(self, node: Call) -> Node:
        args = tuple(self.check(arg) for arg in node.args)
        typed = replace(node, args=args)
        found = self.scope.functions.get(node.function)
        if found is None:
            self._unknown_function(node)
            return typed
        overloads = (found,) if isinstance(found, Function) else tuple(found)
        fitting = [f for f in overloads if f.takes(len(args))]
        if not fitting:
            counts = sorted({count for f in overloads for count in range(10) if f.takes(count)})
            shown = "…" if len(counts) > 5 else "/".join(map(str, counts))
            self.problems.add(node.span, "arity", name=node.function, expected=shown, found=len(args))
            return typed
        for function in fitting:
            kind = self._result(function, args)
            if kind is not None:
                return self._resolved(replace(typed, target=function), function, kind)
        self._no_overload(typed, fitting)
        return typed

    def _unknown_function(self, node: Call) -> None:
        meant = self.problems.nearest(node.function, [*self.scope.functions, "has", "coalesce"])
        at = node.span[0]
        if node.method:
            at = self.problems.source.find(node.function, node.args[0].span[1])
        span = (at, at + len(node.function))
        self.problems.add(span, "unknown_function", meant, name=node.function)

    def _result(self, function: Function, args: Sequence[Node]) -> Type | None:
        if any(arg.type == UNKNOWN for arg in args):
            return UNKNOWN
        for index, arg in enumerate(args):
            wanted = function.param(index)
            if not assignable(arg.type, wanted) or (wanted == UNKNOWN and may_be_null(arg.type)):
                return None
        return function.result if function.rule is None else function.rule(args)

    def _resolved(self, node: Call, function: Function, kind: Type) -> Node:
        for index, read in function.literal.items():
            self._check_literal(node, index, read)
        if isinstance(kind, Text) and kind.max_length > LONGEST_TEXT:
            self.problems.add(node.span, "text_too_long", length=kind.max_length, most=LONGEST_TEXT)
            kind = UNKNOWN
        self.used.update(function.env)
        return replace(node, type=kind)

    def _check_literal(self, node: Call, index: int, read: Callable[[str], object]) -> None:
        arg = node.args[index]
        if not isinstance(arg, Literal) or not isinstance(arg.value, str):
            self.problems.add(arg.span, "literal_needed", name=node.function)
            return
        try:
            read(arg.value)
        except ValueError as error:
            self.problems.add(
                arg.span, "bad_literal", text=arg.value[:80], name=node.function, why=str(error)
            )

    def _no_overload(self, node: Call, overloads: Sequence[Function]) -> None:
        bare = tuple(replace(arg, type=strip(arg.type)) for arg in node.args)
        nulls = [arg for arg in node.args if may_be_null(arg.type)]
        if nulls and any(self._result(function, bare) is not None for function in overloads):
            for arg in nulls:
                self.problems.add(arg.span, "maybe_null")
            return
        wrong = [(arg, overloads[0].param(index)) for index, arg in enumerate(node.args)]
        wrong = [(arg, kind) for arg, kind in wrong if not assignable(arg.type, kind)]
        if len(overloads) == 1 and wrong:
            for arg, kind in wrong:
                self.fits(arg, kind)
            return
        found = tuple(", ".join(parts) for parts in zip(*(named(arg.type) for arg in node.args), strict=True))
        forms = " / ".join(dict.fromkeys(function.form() for function in overloads))
        self.problems.add(node.span, "no_overload", name=node.function, found=found, forms=forms)
