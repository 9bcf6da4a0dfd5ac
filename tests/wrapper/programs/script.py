"""A program that ends by itself, and says all that it can see."""

import os
import sys

own = None
if not sys.flags.no_site and "SITE_IS_BROKEN" not in os.environ:
    try:
        import sitecustomize

        own = getattr(sitecustomize, "OWN", None)
    except ImportError:
        pass
import http.client
import inspect
import socket

print("own sitecustomize:", own)
print("arguments:", sys.argv[1:], "flags:", sys.flags.optimize, sys.flags.dont_write_bytecode)
print("signature:", inspect.signature(http.client.HTTPConnection.endheaders), http.client.HTTPConnection.endheaders.__qualname__)
print("loader:", type(http.client.__loader__).__name__, type(http.client.__spec__.loader).__name__)
print("next file number:", socket.socket().fileno(), "threads:", len(sys._current_frames()))
print("working folder:", os.path.basename(os.getcwd()))
print("to stderr", file=sys.stderr)
sys.exit(3)
