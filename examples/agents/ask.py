"""The smallest agent: asks a model one question and prints the answer. It knows a base URL and a key, as any OpenAI client does.

    OPENAI_BASE_URL=https://api.openai.com/v1 OPENAI_API_KEY=... python ask.py "Which river flows through Vienna?"

In a pod of the platform, and under `zerotouch run`, both variables are set, and the key is none of a provider.
"""

import json
import os
import sys
import urllib.request

body = {"model": os.environ.get("MODEL", "default"), "messages": [{"role": "user", "content": " ".join(sys.argv[1:]) or "Who are you?"}]}
request = urllib.request.Request(
    os.environ["OPENAI_BASE_URL"] + "/chat/completions",
    json.dumps(body).encode(),
    {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
)
with urllib.request.urlopen(request) as response:
    print(json.load(response)["choices"][0]["message"]["content"])
