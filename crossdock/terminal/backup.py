"""`crossdock backup`: a copy of the embedded database while everything runs."""

from pathlib import Path

from crossdock.config import Settings
from crossdock.store import backup
from crossdock.terminal.output import print_json, say


async def run(settings: Settings, target: Path, *, as_json: bool) -> None:
    size = await backup.copy(settings.database, target)
    if as_json:
        print_json({"file": str(target), "bytes": size})
        return
    say(f"Copied to [bold]{target}[/] ({size / 2**20:,.1f} MB), checked.")
    say("It opens only with the key of this database: keep CROSSDOCK_SECRET_KEY too, somewhere else.")
