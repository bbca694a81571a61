"""What a child process does between fork and exec: drop root, and tie its life to its parent's."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """The user that a child runs as: `assume` switches to it in the child, and `uid` must own its files."""

    uid: int
    assume: Callable[[], None]


def unprivileged_identity() -> Identity:
    """Choose the user for a program that refuses to run as root.

    An ordinary user stays the same. Root becomes user 1000 in a new user namespace, where root's files belong to that
    user. If the kernel or a container forbids namespaces, root becomes `nobody`, with only the capability to pass
    through folders like /root.
    """
    if os.geteuid() != 0:
        return Identity(uid=os.geteuid(), assume=_stay)
    if _user_namespaces_allowed():
        return Identity(uid=0, assume=_enter_user_namespace)
    return Identity(uid=NOBODY, assume=_become_nobody)


def give(path: Path, uid: int) -> None:
    """Make `uid` the owner of everything in `path`, if it isn't yet."""
    if path.stat().st_uid == uid:
        return
    for folder, _, names in os.walk(path):
        for name in names:
            os.chown(Path(folder, name), uid, -1)
        os.chown(folder, uid, -1)


def die_with_parent(*, parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel to send `death_signal` to this process when the thread that started it ends.

    Call it last before exec, because a change of user resets it. Linux only: elsewhere, leftovers are found by their
    mark.
    """
    if sys.platform != "linux":
        return
    _check(_libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0))
    if os.getppid() != parent:
        os._exit(1)


def _stay() -> None:
    pass


@cache
def _user_namespaces_allowed() -> bool:
    try:
        subprocess.run(["true"], preexec_fn=_enter_user_namespace, check=True)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _enter_user_namespace() -> None:
    _check(_libc.unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text("1000 0 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text("1000 0 1", encoding="ascii")


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    _check(_libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setuid(NOBODY)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    kept = 1 << CAP_DAC_OVERRIDE
    # Effective, permitted and inheritable, for capabilities 0-31 and then 32-63.
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)(kept, kept, kept, 0, 0, 0)))
    _check(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
