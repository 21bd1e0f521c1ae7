"""What a function is, and the table of all that every expression may call.

A function has overloads: several entries of one name. Polymorphic ones say their result by a `rule`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kiban.kernel.expr.tree import Node
from kiban.kernel.expr.types import UNKNOWN, List, Type, describe, max_items, max_length, strip

Rule = Callable[[Sequence[Node]], Type | None]
"""Typed arguments → the type of the result, or None where they don't fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """One overload of a function.

    `call` gets plain values of the declared types, never PENDING (a call with a pending argument is pending)
    and, unless a parameter says Nullable, never None. It raises ValueError where it can't answer, and its
    result must be of `result`. `cost` is in steps, or computed from the argument types.

    The last `optional` parameters may be left out; `variadic` lets the last repeat. `literal` names arguments
    that must be text literals, with what reads them once, when the expression is compiled. `env` names
    entries of the environment that go before the arguments. `lazy`: items of list arguments may be PENDING.
    """

    name: str
    params: tuple[Type, ...]
    result: Type
    call: Callable[..., object]
    cost: int | Callable[[Sequence[Type]], int] = 1
    optional: int = 0
    variadic: bool = False
    rule: Rule | None = None
    literal: Mapping[int, Callable[[str], object]] = field(default_factory=dict)
    env: tuple[str, ...] = ()
    lazy: bool = False
    trusted: bool = False

    def param(self, index: int) -> Type:
        """The type of the argument at `index`."""
        return self.params[min(index, len(self.params) - 1)]

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        least = len(self.params) - self.optional
        return least <= count and (self.variadic or count <= len(self.params))

    def steps(self, args: Sequence[Type]) -> int:
        """The cost of one call, without that of its arguments."""
        return self.cost if isinstance(self.cost, int) else self.cost(args)

    def form(self) -> str:
        """``round_half_up(number, int)`` as shown in messages."""
        shown = [
            "any" if kind == UNKNOWN else describe(kind).replace("unknown", "any") for kind in self.params
        ]
        return f"{self.name}({', '.join(shown)}{', …' if self.variadic else ''})"


class FunctionTable(Mapping[str, tuple[Function, ...]]):
    """Functions by name, with all their overloads."""

    def __init__(self, functions: Iterable[Function]) -> None:
        found: dict[str, tuple[Function, ...]] = {}
        for function in functions:
            found[function.name] = (*found.get(function.name, ()), function)
        self._found = found

    def __getitem__(self, name: str) -> tuple[Function, ...]:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def item_of(node: Node) -> Type:
    """The item type of a list argument."""
    kind = strip(node.type)
    return kind.item if isinstance(kind, List) else UNKNOWN


def per_item(args: Sequence[Type]) -> int:
    """One step for each item of the first list."""
    return 1 + max_items(args[0])


def per_text(args: Sequence[Type]) -> int:
    """One step for each thousand characters."""
    return 1 + sum(max_length(kind) for kind in args) // 1000
