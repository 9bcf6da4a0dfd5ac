"""No SDK at all: the standard library, a base URL and a key from the environment. Starts at once, for tests that need many pods."""

import json
import os
import urllib.error
import urllib.request

from serving import serve


def answer(question: str) -> str:
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps({"model": "default", "messages": [{"role": "user", "content": question}]}).encode(),
        {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            completion = json.load(response)
            return f"{completion['model']}: {completion['choices'][0]['message']['content']}"
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{error.code} {error.read().decode()}") from None


serve(answer)
