"""Rules in CEL: what they see, what they say, and that none is ever passed over."""

from typing import Any, Final

import pytest

from zerotouch.schema import Problem, Schema, validate
from zerotouch.schema.expression import ExpressionError

FIELDS: Final[Schema] = {
    "a": {"type": "string"},
    "b": {"type": "string"},
    "list": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
    "ratio": {"type": "number"},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
}


def ruled(rule: str, **more: Any) -> Schema:
    rules = [{"rule": rule, "message": "broken", **more}]
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": FIELDS, "x-kubernetes-validations": rules}}}


RULES: Final = [
    ("has(self.a) != has(self.b)", {"a": ""}, True),
    ("has(self.a) != has(self.b)", {"a": "", "b": ""}, False),
    ("[has(self.a), has(self.b)].exists_one(x, x)", {}, False),
    ("self.list.exists(x, x.name in ['p', 'q'])", {"list": [{"name": "q"}]}, True),
    ("self.list.all(x, self.list.exists_one(y, y.name == x.name))", {"list": [{"name": "q"}, {"name": "q"}]}, False),
    ("self.list.filter(x, has(x.name)).map(x, x.name) == ['p']", {"list": [{}, {"name": "p"}]}, True),
    ("self.map.all(key, key.matches('^[a-z]+$') && size(self.map[key]) < 3)", {"map": {"k": "öä"}}, True),
    ("self.a.startsWith('x') && self.a.split('-').size() == 2", {"a": "x-y"}, True),
    ("self.?a.orValue('none') == 'none'", {}, True),
    ("self.b == 'x' || self.a == 'y'", {"a": "y"}, True),
    ("self.ratio / 2.0 == 0.5", {"ratio": 1}, True),
    ("self == oldSelf", {"a": "x"}, True),
]


@pytest.mark.parametrize(("rule", "spec", "is_kept"), RULES)
def test_a_rule_is_evaluated_as_in_the_cluster(rule: str, spec: dict[str, Any], is_kept: bool) -> None:
    assert validate(ruled(rule), {"spec": spec}) == ([] if is_kept else [Problem("spec", "broken")])


def test_a_rule_on_updates_that_may_lack_the_old_value_runs_on_creation() -> None:
    rule = "oldSelf.hasValue() || self.a == 'first'"
    assert validate(ruled(rule, optionalOldSelf=True), {"spec": {"a": "first"}}) == []
    assert validate(ruled(rule, optionalOldSelf=True), {"spec": {"a": "x"}}) == [Problem("spec", "broken")]


def test_a_rule_names_the_field_and_words_the_message_as_its_author_wishes() -> None:
    schema = ruled("false", fieldPath=".a", messageExpression="'not ' + self.a")
    assert validate(schema, {"spec": {"a": "x"}}) == [Problem("spec.a", "not x")]
    assert validate(schema, {"spec": {}}) == [Problem("spec.a", "broken")]


def test_a_rule_without_an_answer_refuses_the_value() -> None:
    problems = validate(ruled("self.a == 'x'"), {"spec": {}})
    assert [problem.path for problem in problems] == ["spec"]
    assert "has no answer for this value" in problems[0].message


@pytest.mark.parametrize("rule", ["self.a ==", "nosuch(self.a)", "quantity(self.a).isLessThan(quantity('1'))", "self.a", "1"])
def test_a_rule_that_cannot_be_evaluated_offline_stops_the_check(rule: str) -> None:
    with pytest.raises(ExpressionError):
        validate(ruled(rule), {"spec": {"a": "x"}})


def test_a_rule_sees_only_what_the_schema_declares() -> None:
    assert "key not found" in validate(ruled("self.free.x == 1"), {"spec": {"free": {"x": 1}}})[0].message.lower()


def test_a_rule_at_the_root_sees_the_name_and_no_other_metadata() -> None:
    metadata = {"type": "object", "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}}}
    rules = [{"rule": "self.metadata.name == 'a' && !has(self.metadata.namespace)"}]
    schema = {"type": "object", "properties": {"metadata": metadata}, "x-kubernetes-validations": rules}
    assert validate(schema, {"metadata": {"name": "a", "namespace": "b"}}) == []


def test_a_rule_waits_until_the_value_below_it_is_sound() -> None:
    assert [problem.path for problem in validate(ruled("self.a == 'x'"), {"spec": {"a": 1}})] == ["spec.a"]
