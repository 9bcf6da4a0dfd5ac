"""The program's own sitecustomize in Python 2, which finds modules in another way."""

import imp
import sys


replaced = []
"""Our module is still running, and Python 2 would empty one that nobody holds."""


def load(paths):
    try:
        found = imp.find_module("sitecustomize", paths)
    except ImportError:
        return
    replaced.append(sys.modules.pop("sitecustomize", None))
    imp.load_module("sitecustomize", *found)
