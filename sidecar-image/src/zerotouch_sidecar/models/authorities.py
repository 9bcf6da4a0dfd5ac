"""The certificate authorities that a provider is known by, followed as keys are."""

import ssl

from zerotouch_sidecar.models.watched import WatchedFile


class Authorities:
    """One provider's authorities. An empty path stands for the system's, which do not change while a pod lives."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = WatchedFile(path)
        self._content = self._file.news()

    def read(self) -> bool:
        """Reads the file if it changed; returns whether its content did. Blocks for as long as the file system does."""
        content = self._file.news()
        if content is None or content == self._content:
            return False
        self._content = content
        return True

    def context(self) -> ssl.SSLContext | None:
        """Checks certificates against what the file holds now; None: against the system's.

        Raises:
            OSError: The file cannot be read, or holds no certificate (`ssl.SSLError`).
        """
        return ssl.create_default_context(cafile=self._path) if self._path else None
