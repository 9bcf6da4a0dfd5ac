"""Flask, behind gunicorn or with its own server."""

import calls
from flask import Flask

app = Flask(__name__)


@app.get("/call/<int:number>")
def call(number):
    return calls.call(number)


if __name__ == "__main__":
    import os

    from werkzeug.serving import make_server

    make_server("127.0.0.1", 1, app, fd=int(os.environ["AGENT_FD"]), threaded=True).serve_forever()
