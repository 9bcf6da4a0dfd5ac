"""The image's entry point: every API of the registry, served."""

import gc
import sys

gc.disable()  # until it starts: nothing that is imported is garbage, and looking for some takes a tenth of the start
for module in ("ssl", "_hashlib"):
    sys.modules[module] = None  # type: ignore[assignment]  # OpenSSL, 5 MB that nothing here needs: gRPC and hashlib bring their own

from zerotouch_function.registry import compose, refuse  # noqa: E402
from zerotouch_function.serving.command import command  # noqa: E402

main = command(compose, refuse)
