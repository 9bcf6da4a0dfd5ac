"""The image's entry point: every API of the registry, served."""

from zerotouch_function.command import command
from zerotouch_function.registry import compose, refuse

main = command(compose, refuse)
