"""Mutual TLS from the folder that Crossplane mounts, with the certificates that are in it now.

Crossplane writes a Secret with the function's certificate and the authority of its callers. The kubelet replaces the files when the
Secret is renewed, so each new connection looks at them again. gRPC checks what it is handed: a pair that does not fit, seen half-way
through a renewal, it leaves alone, and the one before it goes on.
"""

from pathlib import Path
from typing import Final

import grpc
from msgspec import Struct

from zerotouch_function.serving.logs import Log
from zerotouch_function.serving.options import StartError

CERTIFICATE: Final = "tls.crt"
KEY: Final = "tls.key"
AUTHORITY: Final = "ca.crt"
PEM: Final = b"-----BEGIN "
"""With which each certificate and key in a file begins (RFC 7468)."""

REMEDY: Final = f"mount a Secret with {CERTIFICATE}, {KEY} and {AUTHORITY} there, or use --insecure for development"

log: Final = Log(__name__)


class Certificates(Struct, frozen=True):
    """The three files' content."""

    certificate: bytes
    key: bytes
    authority: bytes

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """As gRPC takes it."""
        return grpc.ssl_server_certificate_configuration([(self.key, self.certificate)], root_certificates=self.authority)


def read_certificates(folder: Path) -> Certificates:
    """Reads the folder.

    Raises:
        StartError: A file is missing, cannot be read, or is no PEM file.
    """
    contents = []
    for name in (CERTIFICATE, KEY, AUTHORITY):
        try:
            contents.append((folder / name).read_bytes())
        except OSError as error:
            raise StartError(f"--tls-certs-dir {folder}", f"cannot be used: {error}", REMEDY) from error
        if PEM not in contents[-1]:  # gRPC takes an empty authority, and then refuses every caller
            raise StartError(f"--tls-certs-dir {folder}", f"cannot be used: {name} is no PEM file", REMEDY)
    return Certificates(*contents)


def server_credentials(folder: Path) -> grpc.ServerCredentials:
    """Credentials that ask every caller for a certificate, and follow the files in the folder."""
    current = read_certificates(folder)

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        """Called for every new connection; None goes on with what is in use."""
        nonlocal current
        try:
            latest = read_certificates(folder)
        except StartError as error:
            log.warning("certificates not renewed", problem=error.problem)
            return None
        if latest == current:
            return None
        current = latest
        log.info("certificates handed to gRPC")
        return latest.configuration()

    return grpc.dynamic_ssl_server_credentials(
        current.configuration(),
        renewed,  # type: ignore[arg-type]  # the stubs do not know that None is an answer
        require_client_authentication=True,
    )
