"""aiohttp on both sides."""

import os
import socket

import calls
from aiohttp import web


async def call(request):
    return web.Response(text=await calls.call_async(request.match_info["number"]))


app = web.Application()
app.router.add_get("/call/{number}", call)
web.run_app(app, sock=socket.socket(fileno=int(os.environ["AGENT_FD"])), print=None)
