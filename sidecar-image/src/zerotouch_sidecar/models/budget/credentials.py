"""A NATS credentials file: the token that says who we are, and the seed by which we prove it.

nats-py reads it with the package nkeys, which is published as source alone; an image that builds nobody else's code cannot have that.
"""

import base64
import re
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

_token: Final = re.compile(rb"-----BEGIN NATS USER JWT-----\s+(\S+)\s")
_seed: Final = re.compile(rb"-----BEGIN USER NKEY SEED-----\s+(\S+)\s")
_SEED_BYTES: Final = slice(2, 34)
"""In the decoded text: behind two bytes of kind, before two of checksum."""


class NoCredentialsError(OSError):
    """The file holds something else. The library tries again after an OSError alone; whatever else it meets ends its attempts for good."""


class Credentials:
    """Answers the server's question who we are. The file is read each time, as it may have been rotated; it lies in memory.

    Raises:
        OSError: The file cannot be read, or holds something else (`NoCredentialsError`).
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def token(self) -> bytes:
        """The user's signed token."""
        return self._found(_token)

    def sign(self, nonce: str) -> bytes:
        """The server's nonce, signed and in base64."""
        text = self._found(_seed)
        try:
            key = SigningKey(base64.b32decode(text + b"=" * (-len(text) % 8))[_SEED_BYTES])
        except ValueError as error:
            raise NoCredentialsError("the credentials file holds a seed that is none") from error
        return base64.b64encode(key.sign(nonce.encode()).signature)

    def _found(self, pattern: re.Pattern[bytes]) -> bytes:
        match = pattern.search(self._path.read_bytes())
        if match is None:
            raise NoCredentialsError("the credentials file holds no user token and seed")
        return match[1]
