"""Expressions: CEL syntax, a typed subset with exact numbers and civil dates (docs/expressions.md)."""

from kiban.kernel.dates import Month
from kiban.kernel.expr.builtins import BUILTINS
from kiban.kernel.expr.checking import Scope
from kiban.kernel.expr.functions import Function, FunctionTable
from kiban.kernel.expr.parser import parse
from kiban.kernel.expr.problems import (
    DivisionByZero,
    EvaluationError,
    ExpressionErrors,
    ExpressionProblem,
    NumberTooLarge,
)
from kiban.kernel.expr.program import Program, compile_expression
from kiban.kernel.expr.types import (
    BOOL,
    DATE,
    DATETIME,
    INT,
    MONTH,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    Code,
    List,
    Nullable,
    Row,
    Text,
    Type,
)
from kiban.kernel.expr.unparse import unparse
from kiban.kernel.expr.values import PENDING, is_pending

__all__ = [
    "BOOL",
    "BUILTINS",
    "DATE",
    "DATETIME",
    "INT",
    "MONTH",
    "NULL",
    "NUMBER",
    "PENDING",
    "TEXT",
    "TIME",
    "Code",
    "DivisionByZero",
    "EvaluationError",
    "ExpressionErrors",
    "ExpressionProblem",
    "Function",
    "FunctionTable",
    "List",
    "Month",
    "Nullable",
    "NumberTooLarge",
    "Program",
    "Row",
    "Scope",
    "Text",
    "Type",
    "compile_expression",
    "is_pending",
    "parse",
    "unparse",
]
