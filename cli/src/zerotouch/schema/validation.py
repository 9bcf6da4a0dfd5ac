"""The whole check of one object against one schema."""

from zerotouch.schema.defaults import with_defaults
from zerotouch.schema.problem import Problem, Schema
from zerotouch.schema.rules import broken_rules
from zerotouch.schema.structural import structural_problems
from zerotouch.schema.unknown import unknown_fields
from zerotouch.schema.walk import walk
from zerotouch_function.manifest import Manifest


def validate(schema: Schema, manifest: Manifest) -> list[Problem]:
    """Why the API server would refuse the object, from its top to its end; empty if it would take it.

    Defaults are filled in first. A rule runs only on a value whose own fields are all in order, so one mistake is told once.
    """
    nodes = list(walk(schema, with_defaults(schema, manifest)))
    wrong = {node.location: list(structural_problems(node)) for node in nodes}
    unsound = {location[:depth] for location, problems in wrong.items() if problems for depth in range(len(location) + 1)}
    problems = []
    for node in nodes:
        problems += wrong[node.location]
        problems += unknown_fields(node)
        if node.location not in unsound:
            problems += broken_rules(node)
    return problems
