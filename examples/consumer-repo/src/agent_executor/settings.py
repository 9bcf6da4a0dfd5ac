"""What the platform tells the service, in environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is.

    Attributes:
        nats_servers: URLs of the NATS servers.
        nats_credentials_file: Path of the credentials; empty where NATS asks for none.
        nats_authority_file: Path of NATS's certificate authority; empty where it is a public one.
        port: Port for HTTP.
    """

    nats_servers: tuple[str, ...]
    stream: str
    consumer: str
    nats_credentials_file: str
    nats_authority_file: str
    dragonfly_host: str
    dragonfly_port: int
    dragonfly_password: str
    port: int


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings.

    Raises:
        KeyError: A variable is missing that the platform always sets.
    """
    return Settings(
        nats_servers=tuple(environment["NATS_URL"].split(",")),
        stream=environment["NATS_STREAM_NAME"],
        consumer=environment["NATS_CONSUMER_GROUP"],
        nats_credentials_file=environment.get("NATS_CREDS_FILE", ""),
        nats_authority_file=environment.get("NATS_CA_FILE", ""),
        dragonfly_host=environment["DRAGONFLY_HOST"],
        dragonfly_port=int(environment["DRAGONFLY_PORT"]),
        dragonfly_password=environment["DRAGONFLY_PASSWORD"],
        port=int(environment.get("PORT", "8080")),
    )
