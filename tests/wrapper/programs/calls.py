"""Calls of the sidecar and of somebody else, with the client that CLIENT names."""

import os

TARGETS = (os.environ["CALL_SIDECAR"], os.environ["CALL_ELSEWHERE"])
CLIENT = os.environ.get("CLIENT", "urllib")
MARK = {"X-Program": "its own"}


def get(url):
    if CLIENT == "http.client":
        import http.client

        host, port = url.split("/")[2].split(":")
        connection = http.client.HTTPConnection(host, int(port))
        connection.request("GET", "/" + url.split("/", 3)[3], headers=MARK)
        return connection.getresponse().status
    if CLIENT == "requests":
        import requests

        return requests.get(url, headers=MARK).status_code
    if CLIENT in ("httpx", "httpx2"):
        response = __import__(CLIENT).get(url, headers=MARK)
        assert "x-agent-request-id" not in response.request.headers
        return response.status_code
    import urllib.request

    return urllib.request.urlopen(urllib.request.Request(url, headers=MARK)).status


async def get_async(url):
    if CLIENT == "aiohttp":
        import aiohttp

        async with aiohttp.ClientSession() as session, session.get(url, headers=MARK) as response:
            return response.status
    async with __import__(CLIENT).AsyncClient() as client:
        return (await client.get(url, headers=MARK)).status_code


def call(number):
    return "{}: {}".format(number, [get(f"{target}/echo/{number}") for target in TARGETS])


async def call_async(number):
    return "{}: {}".format(number, [await get_async(f"{target}/echo/{number}") for target in TARGETS])
