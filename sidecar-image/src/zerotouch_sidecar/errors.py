"""What stops the sidecar, as facts: where, what, and what to do.

SidecarError
├── ConfigurationError   sidecar.json cannot be used
└── StartError           a port, a file or a variable that the sidecar needs cannot be had
"""


class SidecarError(Exception):
    """Something an operator can mend.

    Args:
        field: Path of the offending field, such as `llm.models[0].alias`, or what else is wrong.
        problem: What is wrong, as the end of the sentence that the field begins.
        remedy: What to do about it; empty when the problem says it already.
    """

    def __init__(self, field: str, problem: str, remedy: str = "") -> None:
        self.field = field
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{field}: {problem}" + (f"; {remedy}" if remedy else ""))


class ConfigurationError(SidecarError):
    """The configuration has to be changed."""


class StartError(SidecarError):
    """What the sidecar is started with has to be changed."""
