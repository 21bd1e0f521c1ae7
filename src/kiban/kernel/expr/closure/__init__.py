"""Typed tree → Python function.

The tree is written out as straight Python statements over local variables, compiled once. The text that is
compiled holds no character of the source: names are our own (t1, k2, f3), and every constant stands in the
function's globals. The line on which an exception is raised tells the node, so that positions cost nothing
while all goes well.

What is pending is the value P. Each statement that could meet it asks first, and only where it can occur.
`&&`, `||`, `?:`, `all` and `exists` go on past a pending part, because a later one may decide; an error in
what is evaluated only for that reason counts as pending too.
"""

from kiban.kernel.expr.closure.output import Run
from kiban.kernel.expr.closure.writer import Writer

__all__ = ["Run", "Writer"]
