"""Source and scope → a program that can be run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kiban.kernel.expr.checker import Checker
from kiban.kernel.expr.checking import Scope
from kiban.kernel.expr.closure import Run, Writer
from kiban.kernel.expr.cost import cost_of
from kiban.kernel.expr.parser import MOST_LEVELS, parse
from kiban.kernel.expr.problems import Problems
from kiban.kernel.expr.tree import Node
from kiban.kernel.expr.types import Type

COST_LIMIT = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A checked and compiled expression.

    ``program(env)`` gives its value or PENDING; a name that is absent from `env`, or PENDING in it, is
    unanswered. Raises EvaluationError (division by zero, a value that isn't of its declared type …).
    `names` are the dotted paths that it may read, ``calendar`` among them where an opening-day function is
    called. `cost` is the most steps that it can take. `run` is the bare function, for loops.
    """

    source: str
    tree: Node
    type: Type
    names: frozenset[str]
    cost: int
    run: Run = field(repr=False)

    def __call__(self, env: Mapping[str, object]) -> Any:
        return self.run(env)


def compile_expression(
    source: str, scope: Scope, expect: Type | None = None, cost_limit: int = COST_LIMIT
) -> Program:
    """Parse, check and compile; `expect` is the type that the value must be usable as.

    Raises ExpressionErrors with every problem found.
    """
    problems = Problems(source)
    try:
        return _compiled(source, scope, expect, cost_limit, problems)
    except RecursionError:  # the caller's own stack was nearly full
        problems.add((0, len(source)), "too_deep", most=MOST_LEVELS)
    raise problems.errors()


def _compiled(source: str, scope: Scope, expect: Type | None, cost_limit: int, problems: Problems) -> Program:
    parsed = parse(source)
    checker = Checker(scope, problems)
    tree = checker.result(parsed, expect)
    problems.raise_if_any()
    cost = cost_of(tree)
    if cost > cost_limit:
        problems.add(tree.span, "cost", cost=cost, limit=cost_limit)
        problems.raise_if_any()
    return Program(source, tree, tree.type, frozenset(checker.used), cost, Writer(source).main(tree))
