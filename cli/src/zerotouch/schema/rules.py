"""Rules across fields: `x-kubernetes-validations`, written in CEL."""

import re
from collections.abc import Iterator
from typing import Any, Final

from zerotouch.schema.expression import EvaluationError, ExpressionError, evaluate
from zerotouch.schema.problem import Problem, Schema
from zerotouch.schema.walk import Node, schema_of

OLD_VALUE: Final = re.compile(r"\boldSelf\b")
"""A rule that names it compares an update with what was there before; offline there is nothing before."""

VISIBLE_METADATA: Final = ("name", "generateName")
"""All that a rule at the root of an object sees of its metadata."""

Rule = dict[str, Any]


def broken_rules(node: Node) -> Iterator[Problem]:
    """One problem for each rule of the value's schema that the value breaks."""
    rules: list[Rule] = node.schema.get("x-kubernetes-validations", [])
    for rule in rules:
        expression = _for_a_new_object(rule)
        if not expression:
            continue
        value = _self(node)
        try:
            is_kept = evaluate(expression, value)
        except EvaluationError as error:
            yield Problem(node.path, f"the rule {rule['rule']} has no answer for this value: {error}")
            continue
        if not isinstance(is_kept, bool):
            raise ExpressionError(f"rule {expression}: answers {is_kept!r}, not true or false")
        if not is_kept:
            yield Problem((node.path + rule.get("fieldPath", "")).removeprefix("."), _message(rule, value))


def _for_a_new_object(rule: Rule) -> str:
    """The rule as it is evaluated on creation; empty if it speaks only of updates."""
    expression: str = rule["rule"].strip()
    if not OLD_VALUE.search(expression):
        return expression
    return f"cel.bind(oldSelf, optional.none(), {expression})" if rule.get("optionalOldSelf") else ""


def _message(rule: Rule, value: object) -> str:
    """What the rule's author wants said; the rule itself where that is nothing, or has no answer either."""
    if "messageExpression" in rule:
        try:
            return str(evaluate(rule["messageExpression"], value))
        except EvaluationError:
            pass
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}").strip()


def _self(node: Node) -> Any:
    """What a rule calls `self`."""
    value = _visible(node.schema, node.value)
    if node.location or "metadata" not in value:
        return value
    return {**value, "metadata": {key: text for key, text in value["metadata"].items() if key in VISIBLE_METADATA}}


def _visible(schema: Schema, value: Any) -> Any:
    """The part of a value that rules see: only what the schema declares, and numbers of the declared type."""
    if isinstance(value, list):
        return [_visible(schema.get("items", {}), item) for item in value]
    if isinstance(value, dict):
        return {key: _visible(child, value[key]) for key in value if (child := schema_of(schema, key)) is not None}
    return float(value) if schema.get("type") == "number" and value is not None else value
