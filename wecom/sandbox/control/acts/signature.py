"""What an act is asked with, read from how its code reads the body.

So the control page's forms cannot fall behind the acts: a parameter that code reads is a field.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

LISTS = {"members", "admins", "targets", "add_tags", "remove_tags", "departments", "ips"} | {
    "customers",
    "chat_ids",
    "department",
    "userids",
    "words",
}
JSONS = {"selected", "attachments", "member_range", "groupchat_range"}
FLAGS = {"agree", "open", "reject"}
NUMBERS = {"agent_id", "id", "parentid", "balance", "many"}


@dataclass(frozen=True)
class Parameter:
    """One field of an act's body; kind is text, number, flag, list or json."""

    name: str
    required: bool
    kind: str


def kind_of(name: str, reader: str) -> str:
    """How a field is written, from its name and from the function that reads it."""
    if name in JSONS:
        return "json"
    if name in LISTS or "list" in reader:
        return "list"
    if name in FLAGS or "flag" in reader or "bool" in reader:
        return "flag"
    if name in NUMBERS or reader in ("int", "float") or "number" in reader:
        return "number"
    return "text"


def name_of(node: ast.expr) -> str:
    """The plain or last name of what is called."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_body(node: ast.expr) -> bool:
    """Whether an expression is the act's body."""
    return isinstance(node, ast.Name) and node.id == "body"


class Reader(ast.NodeVisitor):
    """Collects what one function reads from its body, following functions it hands it to."""

    def __init__(self, act: Callable[..., Any]) -> None:
        self.known = act.__globals__
        self.found: dict[str, Parameter] = {}
        self.outer = ""
        # Behind a branch that returns, what code needs depends on what was given.
        self.is_forked = False

    def visit_If(self, node: ast.If) -> None:
        """Inside a branch, and behind one that ends the function, nothing is always needed."""
        self.visit(node.test)
        before, self.is_forked = self.is_forked, True
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)
        ends = any(isinstance(each, ast.Return) for each in ast.walk(node))
        self.is_forked = before or ends

    def add(self, name: str, *, required: bool, kind: str) -> None:
        """Remember a field; one that code also does without is not needed."""
        required = required and not self.is_forked
        before = self.found.get(name)
        if before is not None:
            required = required and before.required
            kind = before.kind if kind == "text" else kind
        self.found[name] = Parameter(name, required, kind)

    def visit_Call(self, node: ast.Call) -> None:
        """``need(body, "x")``, ``body.get("x")``, ``int(body.get("x"))``, ``content_of(body)``."""
        called = name_of(node.func)
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        names = [text for text in texts if isinstance(text, str)]
        if isinstance(node.func, ast.Attribute) and is_body(node.func.value):
            if called == "get" and names:
                self.add(names[0], required=False, kind=kind_of(names[0], self.outer))
        elif any(is_body(each) for each in node.args):
            if names:
                required = called.startswith(("need", "require"))
                self.add(names[0], required=required, kind=kind_of(names[0], called))
            else:
                self.follow(called)
        before, self.outer = self.outer, called
        self.generic_visit(node)
        self.outer = before

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """``body["x"]`` is needed."""
        if is_body(node.value) and isinstance(node.slice, ast.Constant):
            name = str(node.slice.value)
            self.add(name, required=True, kind=kind_of(name, self.outer))
        self.generic_visit(node)

    def follow(self, called: str) -> None:
        """A function of the sandbox that gets the whole body reads for the act."""
        if called == "content_of":
            self.add("text", required=True, kind="text")
            return
        inner = self.known.get(called)
        if inspect.isfunction(inner) and inner.__module__.startswith("wecom.sandbox"):
            for one in read_parameters(inner):
                self.add(one.name, required=one.required, kind=one.kind)


@cache
def read_parameters(act: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The fields of an act's body, in the order in which its code reads them."""
    reader = Reader(inspect.unwrap(act))
    reader.visit(ast.parse(textwrap.dedent(inspect.getsource(act))))
    return tuple(reader.found.values())
