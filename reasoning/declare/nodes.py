"""Pieces of source that are written anew: variables, calls, and where they stand."""

import ast
from typing import Any, TypeVar

POSITION = "_held_"
"""How the variables of a position's numbers begin."""

Node = TypeVar("Node", bound=ast.AST)


def there(name: str, *, last: bool) -> ast.expr:
    """Return the test that a number that is waited for is there."""
    return ast.Compare(ast.Name(variable(name, last=last), ast.Load()), [ast.NotEq()], [ast.Constant(0.0)])


def variable(name: str, *, last: bool = False) -> str:
    """Return the variable that holds a named number."""
    return f"_{'last' if last else 'now'}_{name.replace('.', '__')}"


def path_of(node: ast.AST) -> list[str] | None:
    """Return the names of an attribute such as now.band.lower, None for what is none."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) and names else None


def call(name: str, value: ast.expr) -> ast.Call:
    """Return a call of a function with one argument."""
    return ast.Call(ast.Name(name, ast.Load()), [value], [])


def placed(node: Node, where: Any) -> Node:
    """Give a node, and what is new below it, the place of another; what has a place of its own keeps it."""
    new: Any = node
    new.lineno, new.end_lineno = where.lineno, where.end_lineno
    new.col_offset, new.end_col_offset = where.col_offset, where.end_col_offset
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.expr) and not hasattr(each, "lineno"):
            placed(each, where)
    return node
