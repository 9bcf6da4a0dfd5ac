"""FastAPI, with a plain function (a thread of its pool) and a coroutine by turns."""

import calls
from fastapi import FastAPI

app = FastAPI()


@app.get("/call/{number}")
async def call(number: int):
    if number % 2:
        from starlette.concurrency import run_in_threadpool

        return await run_in_threadpool(calls.call, number)
    return await calls.call_async(number)


@app.get("/plain/{number}")
def plain(number: int):
    return calls.call(number)
