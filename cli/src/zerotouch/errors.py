"""What stops a command, beside what is wrong with a claim (`zerotouch_function.errors`).

CommandError
├── UnreadableError     a file is not there, or is not YAML
├── NoClaimError        nothing of what was read is a claim of the platform
└── RefusedError        the claim's schema refuses it
"""


class CommandError(Exception):
    """The command cannot go on; its message says where, what and what to do."""


class UnreadableError(CommandError):
    """A file is not there, or is not YAML."""


class NoClaimError(CommandError):
    """Nothing of what was read is a claim of the platform."""


class RefusedError(CommandError):
    """A claim that the API server would refuse."""
