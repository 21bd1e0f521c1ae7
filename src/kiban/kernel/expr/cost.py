"""The most steps that an expression can take, from the declared sizes of its lists and texts.

Each node costs 1, a macro costs its body once per possible item, a function what it declares. The bound
never runs anything, so a hostile expression costs nothing to refuse.
"""

from kiban.kernel.expr.tree import Binary, Call, Macro, Node
from kiban.kernel.expr.types import is_container, is_textual, max_items, max_length, strip


def cost_of(node: Node) -> int:
    """The bound for a typed tree."""
    if isinstance(node, Macro):
        body = cost_of(node.body) + (0 if node.condition is None else cost_of(node.condition))
        return 1 + cost_of(node.operand) + max_items(node.operand.type) * body
    return _own(node) + sum(map(cost_of, node.children()))


def _own(node: Node) -> int:
    if isinstance(node, Call) and node.target is not None:
        return node.target.steps([arg.type for arg in node.args])
    if isinstance(node, Binary):
        return _binary(node)
    return 1


def _binary(node: Binary) -> int:
    left, right = strip(node.left.type), strip(node.right.type)
    if node.operator == "in":
        return 1 + max_items(right)
    if is_container(left):
        return 1 + max_items(left) + max_items(right)
    if node.operator == "+" and is_textual(left):
        return 1 + (max_length(left) + max_length(right)) // 1000
    return 1
