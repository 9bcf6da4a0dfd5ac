"""Two programs that speak a protocol of their own through us, until one of them ends."""

import asyncio

from zerotouch_sidecar.http.errors import HttpError
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.http.upstream import UpstreamResponse


async def carry(request: Request, responder: Responder, response: UpstreamResponse) -> None:
    """Copies bytes both ways as they come."""
    ways = [asyncio.ensure_future(_outward(request, response)), asyncio.ensure_future(_inward(responder, response))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    if not responder.gone:
        await responder.end()


async def _outward(request: Request, response: UpstreamResponse) -> None:
    try:
        async for chunk in request.tunnel:
            await response.write(chunk)
    except HttpError:
        return


async def _inward(responder: Responder, response: UpstreamResponse) -> None:
    try:
        async for chunk in response.chunks():
            await responder.write(chunk)
    except HttpError:
        return
