"""Lets Python import a module, and then changes it."""

import sys

PYTHONS_LOADERS = ("_frozen_importlib_external", "importlib._bootstrap_external")


def find(ours, name, path, target):
    """What the finders after ours find, with its one execution followed."""
    for finder in sys.meta_path:
        if finder is not ours and hasattr(finder, "find_spec"):
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                follow(ours, spec.loader, name)
                return spec
    return None


def follow(ours, loader, name):
    """The loader stays what it is, and what the module names as its loader."""
    if type(loader).__module__ not in PYTHONS_LOADERS:
        return
    execute = loader.exec_module

    def exec_module(module):
        vars(loader).pop("exec_module", None)
        execute(module)
        change(ours, name, module)

    loader.exec_module = exec_module


def change(ours, name, module):
    try:
        side = __import__("_zerotouch." + ours.hooks[name], fromlist=["CHANGES"])
        side.CHANGES[name](module)
    except Exception:  # a version that we do not know: it works as it always did
        return


def instead(owner, name, make):
    """Puts `make(original)` in the place of a method, once, with the original's name and signature."""
    original = getattr(owner, name)
    if getattr(original, "_zerotouch", False):
        return
    replacement = make(original)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(replacement, attribute, getattr(original, attribute))
    replacement.__wrapped__ = original
    replacement._zerotouch = True
    setattr(owner, name, replacement)


def load(spec):
    """The program's own sitecustomize in our place, as its import would have done it."""
    import _frozen_importlib as importlib

    module = importlib.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)
