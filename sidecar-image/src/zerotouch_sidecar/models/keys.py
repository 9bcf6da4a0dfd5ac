"""Provider keys, read from mounted files and read again when the kubelet writes them anew. They never reach a log or a message."""

from zerotouch_sidecar.models.watched import WatchedFile


class KeyFile:
    """One provider's key. An empty path stands for a provider that wants none."""

    def __init__(self, path: str) -> None:
        self._file = WatchedFile(path)
        self._value = ""

    @property
    def value(self) -> str:
        """The key as it was last read; empty while the file is not there."""
        return self._value

    @property
    def is_missing(self) -> bool:
        """Whether a key is wanted and none is there."""
        return self._file.is_wanted and not self._value

    def read(self) -> None:
        """Reads the file if it changed. Blocks for as long as the file system does."""
        content = self._file.news()
        if content is None:
            return
        value = content.decode(errors="replace").strip()
        self._value = value if value.isascii() and value.isprintable() else ""
