"""Writes in a process of its own: a JSON object from stdin says what; prints how each went."""

import asyncio
import json
import sys
from typing import Any

import structlog

from crossdock.config import Settings
from crossdock.errors import CrossdockError
from crossdock.kit import registry
from crossdock.resources.catalogue import by_action
from crossdock.services.open import open_services
from crossdock.store.connections import connections
from crossdock.writes.request import WriteRequest
from tests.fakes.fake_wms import fake_integration, with_fake


async def _write(line: dict[str, Any]) -> list[str]:
    async with open_services(Settings(**line["settings"]), clock=lambda: int(line["now_ms"])) as services:
        connection = await connections.by_uid(services.database, line["connection"])
        assert connection is not None
        wish = WriteRequest(
            connection, fake_integration(), by_action("wms")["create_order"], line["body"], key=line["key"]
        )

        async def one() -> str:
            try:
                done = await services.writer.write(wish)
            except CrossdockError as failure:
                return type(failure).__name__
            return "replayed" if done.is_replayed else "done"

        return await asyncio.gather(*(one() for _ in range(line["times"])))


def main() -> None:
    registry.all_integrations = with_fake()  # type: ignore[assignment]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print(json.dumps(asyncio.run(_write(json.loads(sys.stdin.readline())))))


if __name__ == "__main__":
    main()
