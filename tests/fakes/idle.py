"""A worker that measures itself: python -m tests.fakes.idle SETTLE_SECONDS MEASURED_SECONDS

Prints how many seconds of a processor it used in the measured time.
"""

import asyncio
import resource
import sys

from crossdock import config
from crossdock.services.open import open_services


def used() -> float:
    getrusage = resource.getrusage(resource.RUSAGE_SELF)
    return getrusage.ru_utime + getrusage.ru_stime


async def measured(settle: float, seconds: float) -> float:
    async with open_services(config.load()) as services:
        worker = services.worker()
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(settle)
        before = used()
        await asyncio.sleep(seconds)
        after = used()
        worker.stop()
        await running
    return after - before


if __name__ == "__main__":
    print(asyncio.run(measured(float(sys.argv[1]), float(sys.argv[2]))))
