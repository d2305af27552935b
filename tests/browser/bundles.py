"""Bundles for customers' pages: our package as npm packs it, and applications in React 18 and 19."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.browser.sites import APPS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "packages" / "react-link"


@dataclass(frozen=True)
class Workshop:
    """A folder with `node_modules` as a customer has them, our package among them."""

    folder: Path

    def run(self, *command: str) -> str:
        """What a command of node_modules says. Fails with what it says when it fails."""
        program, *arguments = command
        path = self.folder / "node_modules" / ".bin" / program
        done = subprocess.run(
            [str(path) if path.exists() else program, *arguments], cwd=self.folder, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def bundle(self, button: str, react: str) -> str:
        """The customer's application as a script. button: of `apps`; react: "18" or "19"."""
        aliases = [] if react == "19" else ["--alias:react=react-18", "--alias:react-dom=react-dom-18"]
        shutil.copytree(APPS, self.folder / "apps", dirs_exist_ok=True)
        return self.run(
            "esbuild", "apps/app.jsx", "--bundle", "--jsx=automatic", "--log-level=error",
            '--define:process.env.NODE_ENV="development"', *aliases,
            f"--alias:the-button=./apps/{button}.jsx",
        )  # fmt: skip


def workshop(folder: Path, node_modules: Path) -> Workshop:
    """A workshop whose copy of our package is what `npm pack` makes."""
    source = folder / "packages" / "react-link"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("dist", "node_modules"))
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    modules = folder / "node_modules"
    modules.mkdir()
    for entry in node_modules.iterdir():
        (modules / entry.name).symlink_to(entry)
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--offline"], cwd=source, capture_output=True, text=True, timeout=120,
        check=False, env=os.environ | {"npm_config_update_notifier": "false"},
    )  # fmt: skip
    assert packed.returncode == 0, packed.stdout + packed.stderr
    target = modules / "@crossdock" / "react-link"
    target.mkdir(parents=True)
    archive = source / packed.stdout.split()[-1]
    shutil.unpack_archive(archive, folder / "packed", "gztar", filter="data")
    shutil.copytree(folder / "packed" / "package", target, dirs_exist_ok=True)
    return Workshop(folder)
