"""What a claim's message must have of a cause, and where it leads."""

import subprocess

from tests.e2e.claims import Claim
from tests.e2e.preconditions import explains_pods


def clue(claim: Claim, explanation: str) -> str:
    """What a message must have: the explanation itself where pods are read, else the command that shows it."""
    return explanation if explains_pods() else f"kubectl -n {claim.namespace.name} "


def followed(message: str) -> str:
    """The message, and the output of the kubectl commands that it ends in, if it does."""
    _, found, command = message.partition("kubectl ")
    if not found:
        return message
    done = subprocess.run(["sh", "-c", f"kubectl {command}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return f"{message}\n{done.stdout}"
