"""How this process holds its memory, for what comes and goes in megabytes.

A page of a list is some megabytes, a page of a sync ten thousand small objects. To hand freed memory back
to the kernel and fault it in again costs more than to read the page from the database; to look for
cycles among those objects, which have none, is a fifth of a sync (docs/benchmarks.md).
"""

import ctypes
import gc
from functools import cache

KEPT_BYTES = 64 * 1024 * 1024
"""How much freed memory is kept for the next request."""
YOUNG_OBJECTS = 20_000
"""New objects between two looks for cycles among them."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024  # what glibc takes at most


@cache
def tune_allocator() -> None:
    """Once in a process, when its modules are imported."""
    try:
        tune = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        tune = None  # not glibc: its own way will do
    if tune is not None:
        tune(_M_TRIM_THRESHOLD, KEPT_BYTES)
        tune(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    gc.collect()
    gc.freeze()  # what is there now stays: not to be looked through again
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
