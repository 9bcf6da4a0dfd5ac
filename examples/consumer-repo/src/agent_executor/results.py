"""Results, kept in Dragonfly through the Redis protocol."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from agent_executor.settings import Settings
from agent_executor.work import Result

KEEP_SECONDS: Final = 24 * 60 * 60
TIMEOUT_SECONDS: Final = 5.0
UNREACHABLE: Final = (RedisConnectionError, RedisTimeoutError, OSError)
"""What a store that is away raises. Trying again later helps."""


class Results:
    """The store of results."""

    def __init__(self, settings: Settings) -> None:
        self._redis = Redis(
            host=settings.dragonfly_host,
            port=settings.dragonfly_port,
            password=settings.dragonfly_password or None,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),  # once, for a connection that the server closed; the worker does the waiting
            decode_responses=True,
        )

    async def save(self, request_id: str, result: Result) -> None:
        """Keeps a result for `KEEP_SECONDS`. The same again changes nothing."""
        await self._redis.set(_key(request_id), result.as_json(), ex=KEEP_SECONDS)

    async def find(self, request_id: str) -> str | None:
        """The result as JSON, or None."""
        found = await self._redis.get(_key(request_id))
        return None if found is None else str(found)

    async def close(self) -> None:
        await self._redis.aclose()


def _key(request_id: str) -> str:
    return f"agent-executor:result:{request_id}"
