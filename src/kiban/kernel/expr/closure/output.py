"""The text of a compiled expression while it is written, and the way back from its errors to the source."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from types import CodeType, TracebackType
from typing import Any

from kiban.kernel.expr.problems import ERROR_CLASSES, EvaluationError, Failure, place, say
from kiban.kernel.expr.tree import (
    Binary,
    Call,
    Index,
    Literal,
    Node,
    Span,
    Unary,
    walk,
)
from kiban.kernel.expr.values import PENDING, bound

FILENAME = "<kiban expression>"
DEEPEST = 14
"""Levels of indentation before the rest goes to a function of its own (Python allows 20 nested blocks)."""

FAILURES = (ValueError, ArithmeticError, TypeError, LookupError, AttributeError)
Run = Callable[[Mapping[str, object]], Any]


@dataclass(frozen=True, slots=True)
class Atom:
    """Where a value stands: a local variable or a constant, by our name for it.

    `pending`: it may be P. `holes`: a list of which some items may be P. `value`: (the constant,) or ().
    """

    code: str
    pending: bool = False
    holes: bool = False
    value: tuple[Any, ...] = ()


@dataclass(slots=True)
class Written:
    """A Python function while it is written."""

    lines: list[tuple[str, Span]]
    indent: int
    cache: dict[tuple[str, ...], Atom]


def can_fail(node: Node) -> bool:
    """Whether evaluating a typed node can end in an error other than by a wrong value for a name."""
    return any(
        isinstance(n, Call | Index) or (isinstance(n, Binary) and n.operator in ("+", "-", "*", "/", "%"))
        for n in walk(node)
    )


class Output:
    """The Python text while it is written, and the constants that it names."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.globals: dict[str, Any] = {
            "__builtins__": {},
            "P": PENDING,
            "FAILURES": FAILURES,
            "int_": int,
            "len_": len,
            "bound": bound,
        }
        self.constants: dict[int, str] = {}
        self.count = 0
        self.variables: dict[str, Atom] = {}
        self.functions: list[Written] = []
        self.written: list[Written] = []

    def emit(self, node: Node) -> Atom:
        """Write what computes the node; where it stands."""
        raise NotImplementedError

    def line(self, text: str, node: Node) -> None:
        function = self.functions[-1]
        function.lines.append((" " * function.indent + text, node.span))

    @contextmanager
    def block(self, head: str, node: Node) -> Iterator[None]:
        """Statements under `head`; what they load isn't known to be loaded after them."""
        self.line(head, node)
        function = self.functions[-1]
        kept = function.cache
        function.cache = dict(kept)
        function.indent += 1
        yield
        function.indent -= 1
        function.cache = kept

    def new(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def constant(self, value: object, prefix: str = "k") -> str:
        """The global name that holds `value`."""
        if value is None or value is True or value is False:
            return str(value)
        found = self.constants.get(id(value))
        if found is None:
            found = f"{prefix}{len(self.globals)}"
            self.constants[id(value)] = found
            self.globals[found] = value
        return found

    def _open(self, name: str, params: list[str]) -> None:
        self.functions.append(Written([(f"def {name}({', '.join(params)}):", (0, 0))], 1, {}))

    def _close(self) -> None:
        self.written.append(self.functions.pop())

    def _compile(self) -> Run:
        lines = [line for function in self.written for line in function.lines]
        spans = [span for _text, span in lines]
        code: CodeType = compile(
            "\n".join(text for text, _span in lines) + "\n", FILENAME, "exec", dont_inherit=True
        )
        self.globals["located"] = _locator(self.source, spans)
        exec(code, self.globals)  # noqa: S102 - text of our own making, see the head of this module
        main: Run = self.globals["main"]
        return main

    def known(self, node: Node) -> tuple[Any] | None:
        """The value of a node that is the same for every environment."""
        if isinstance(node, Literal):
            return (bound(node.value) if isinstance(node.value, Fraction) else node.value,)
        if isinstance(node, Unary) and node.operator == "-":
            inner = self.known(node.operand)
            return None if inner is None else (-inner[0],)
        if isinstance(node, Call) and node.target is not None and node.target.trusted:
            read, arg = node.target.literal.get(0), node.args[0]
            if read is not None and isinstance(arg, Literal):
                return (read(str(arg.value)),)
        return None

    def fixed(self, value: Any) -> Atom:
        return Atom(self.constant(value), value=(value,))

    def _strict(self, node: Node, atoms: Sequence[Atom], code: str, check: str = "", holes: str = "") -> Atom:
        """``code`` unless one of the atoms is pending; `check` is a statement after it."""
        result = self.new()
        doubts = [f"{name} is P" for name in dict.fromkeys(atom.code for atom in atoms if atom.pending)]
        if holes:
            doubts.append(holes)
        if doubts:
            self.line(f"if {' or '.join(doubts)}: {result} = P", node)
            self.line("else:", node)
            self.functions[-1].indent += 1
        self.line(f"{result} = {code}", node)
        if check:
            self.line(check.format(result), node)
        if doubts:
            self.functions[-1].indent -= 1
        return Atom(result, bool(doubts))

    def _speculative(self, node: Node, doubt: str, result: str, guarded: bool) -> None:
        """``result`` = node; where `doubt` is pending, an error is pending as well."""
        if not guarded:
            self.line(f"{result} = {self.emit(node).code}", node)
            return
        with self.block("try:", node):
            self.line(f"{result} = {self.emit(node).code}", node)
        with self.block("except FAILURES:", node):
            self.line(f"if {doubt} is not P: raise", node)
            self.line(f"{result} = P", node)


def _locator(source: str, spans: Sequence[Span]) -> Callable[[BaseException], EvaluationError]:
    """What turns an exception of the compiled function into an EvaluationError with its place."""

    def located(error: BaseException) -> EvaluationError:
        span = (0, len(source))
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == FILENAME:
                span = spans[trace.tb_lineno - 1]
            trace = trace.tb_next
        code, message, ja = _words(error)
        kind = ERROR_CLASSES.get(code, EvaluationError)
        return kind(code, message, ja, place(source, span))

    return located


def _words(error: BaseException) -> tuple[str, str, str]:
    if isinstance(error, Failure):
        return error.code, error.message, error.ja
    code = "date_range" if isinstance(error, OverflowError) else "failed"
    return code, *say(code, why=str(error))
