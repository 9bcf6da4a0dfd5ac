"""The image's command in a pod whose memory limit is 64 MB."""

from typing import Final

LIMIT_BYTES: Final = 64 * 1024 * 1024

if __name__ == "__main__":
    import zerotouch_function.main  # noqa: F401  # first, for it takes OpenSSL from the process that imports it
    from zerotouch_function.registry import compose, refuse
    from zerotouch_function.serving.command import command

    command(compose, refuse, lambda: LIMIT_BYTES)()
