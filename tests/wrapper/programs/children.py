"""multiprocessing, with the start method that START names."""

import multiprocessing
import os
import sys


def work(number):
    return number * 2, "_zerotouch" in sys.modules or "sitecustomize" in sys.modules, os.environ.get("PYTHONPATH") is not None


if __name__ == "__main__":
    with multiprocessing.get_context(os.environ["START"]).Pool(2) as pool:
        print([result for result, _, _ in pool.map(work, range(8), chunksize=1)])
        pool.close()
        pool.join()
