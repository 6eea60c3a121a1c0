"""Hostile files are opened in a worker: one reusable process that may die, so that the desk never does.

The worker (``station-app --worker``, no Qt) reads the file, looks at its header, unseals it, checks every signature and
hash and reads every row. Only what passed all of that comes back, as the unsealed bytes; the desk's own process then
cuts them again (signatures included, so that a worker gone wrong cannot forge) and reads rows as it applies them.

A worker that takes longer than ``timeout`` seconds is killed, one that dies is replaced; both are a named refusal. On
Linux its address space is limited to ``memory`` bytes, interpreter included; Windows and macOS have no such limit for
us to set, there the caps on sizes and the time-out stand alone. Secrets go through the pipe, never into arguments or
environment.

On the pipe both ways: a big-endian 32-bit length and that many bytes of MessagePack; an answer that is not an error is
followed by the unsealed bytes, again after their length.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal

import msgspec

from ..errors import Bug, EnvironmentFault, Refused, StationError
from ..services import pictures
from . import carrier, carry, envelope, identity

TIMEOUT = 20.0
"""Seconds for one file, its reading from the stick included."""
MEMORY = 400 * 1024 * 1024
"""Bytes of address space of the worker, where the system can limit it."""

_LENGTH = struct.Struct(">I")

Kind = Literal["batches", "pack", "picture", "codes"]


# --- what comes out --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """A station's carrier: its batches, subject keys by subject id, attachments by name, the key that signed it.

    ``renewed`` are new keys of the station, each signed by the one before it; ``data`` is the unsealed carrier.
    """

    batches: tuple[envelope.OpenBatch, ...]
    keys: Mapping[str, bytes] = field(repr=False)
    attachments: Mapping[str, memoryview] = field(repr=False)
    key_id: bytes
    renewed: tuple[identity.Enrolment, ...] = ()
    data: bytes | memoryview = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class OpenedPack:
    """A district's carrier: its one pack, subject keys and attachments."""

    pack: envelope.OpenPack
    keys: Mapping[str, bytes] = field(repr=False)
    attachments: Mapping[str, memoryview] = field(repr=False)


def read_batches(data: bytes | memoryview, verify_keys: Mapping[bytes, bytes]) -> Opened:
    """The batches of an unsealed carrier; their rows are not read yet."""
    cut = carrier.cut(data)
    known, renewed = identity.renewals(cut.introductions, verify_keys)
    contents = cut.held_to(known)
    batches = tuple(envelope.read_batch(frame, known) for frame in contents.frames)
    own = identity.bound(renewed, [contents.key_id])  # another station's, which may lie about openly, says nothing here
    return Opened(batches, contents.keys, contents.attachments, contents.key_id, tuple(own), data)


def read_pack(data: bytes | memoryview, verify_keys: Mapping[bytes, bytes]) -> OpenedPack:
    """The pack of an unsealed carrier; ``verify_keys`` are root keys, which may name others to sign it."""
    cut = carrier.cut(data)
    known = identity.signers(cut.introductions, verify_keys)
    contents = cut.held_to(known)
    if len(contents.frames) != 1:
        raise Refused("sync_files.wrong_kind")
    pack = replace(envelope.read_pack(contents.frames[0], known), introduced=b"".join(cut.introductions))
    return OpenedPack(pack, contents.keys, contents.attachments)


def check(kind: Kind, sealed: bytes, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]) -> bytes:
    """Unseal and read everything once, in this process; the unsealed bytes. The worker's work, and fuzzing's."""
    data = carrier.unseal(sealed, identities)
    if kind == "pack":
        read_pack(data, verify_keys)
    else:
        for batch in read_batches(data, verify_keys).batches:
            batch.check()
    return data


# --- the protocol ----------------------------------------------------------------------------------------------------


class _Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to open, with which keys, and the memory the worker may have (0 for no limit)."""

    kind: Kind
    path: str
    identities: list[str]
    verify_keys: list[bytes]
    memory: int


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence id and its fields, of a refusal or a fault of the machine; no id means that the bytes follow."""

    word: str = ""
    fields: dict[str, str | int | None] = {}
    fault: bool = False


def _send(pipe: IO[bytes], *parts: bytes | memoryview) -> None:
    for part in parts:
        pipe.write(_LENGTH.pack(len(part)))
        pipe.write(part)
    pipe.flush()


def _receive(pipe: IO[bytes], most: int) -> bytes | None:
    """The next part, None when the other side is gone or talks nonsense."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    if length > most:
        return None
    part = pipe.read(length)
    return part if len(part) == length else None


# --- in the worker ---------------------------------------------------------------------------------------------------


def worker_main() -> int:
    """Answer requests from standard input until it closes: the whole life of ``station-app --worker``."""
    # the descriptors themselves: a windowed program of Windows has no sys.stdin, and nothing else may print here
    with open(0, "rb", closefd=False) as asked, open(1, "wb", closefd=False) as answered:
        sys.stdout = sys.stderr
        while (part := _receive(asked, LARGEST_ASK)) is not None:
            ask = msgspec.msgpack.decode(part, type=_Ask)
            _limit(ask.memory)
            _send(answered, *_answer(ask))
    return 0


LARGEST_ASK = 1024 * 1024
LARGEST_ANSWER = 64 * 1024


def _answer(ask: _Ask) -> tuple[bytes, ...]:
    keys = {envelope.key_id(key): key for key in ask.verify_keys}
    try:
        if ask.kind == "picture":
            return msgspec.msgpack.encode(_Answer()), pictures.prepare(_photo(ask.path))
        if ask.kind == "codes":
            return msgspec.msgpack.encode(_Answer()), msgspec.msgpack.encode(pictures.codes(_photo(ask.path)))
        sealed = carry.read_file(Path(ask.path), carrier.LARGEST_FILE)
        return msgspec.msgpack.encode(_Answer()), check(ask.kind, sealed, ask.identities, keys)
    except MemoryError:
        return (msgspec.msgpack.encode(_Answer("sync_files.too_big")),)
    except StationError as error:
        fields: dict[str, str | int | None] = {
            name: told if isinstance(told, int) else str(told) for name, told in error.fields.items()
        }
        return (msgspec.msgpack.encode(_Answer(error.word, fields, isinstance(error, EnvironmentFault))),)


def _photo(path: str) -> bytes:
    """A picture as it is brought; one that is too large is told as a picture, with how large it may be."""
    try:
        return carry.read_file(Path(path), pictures.LARGEST_FILE)
    except Refused as refusal:
        if refusal.word != "sync_files.too_big":
            raise
        raise Refused("pictures.too_big", most=pictures.LARGEST_FILE // 1024**2) from None


def _limit(memory: int) -> None:
    if memory and sys.platform.startswith("linux"):
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


# --- at the desk -----------------------------------------------------------------------------------------------------


def worker_command() -> list[str]:
    """How to start this program as a worker, frozen or from its source."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker"]
    return [sys.executable, "-m", "station_app", "--worker"]


class Opener:
    """Opens files through the worker, which starts with the first file and serves until ``close``.

    One file at a time; callable from any thread. Use as a context manager.
    """

    def __init__(self, *, timeout: float = TIMEOUT, memory: int = MEMORY, command: Sequence[str] | None = None) -> None:
        self._timeout = timeout
        self._memory = memory
        self._command = list(command or worker_command())
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def open_carrier(self, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]) -> Opened:
        """The batches in ``path``, sealed to one of ``identities`` and signed by ``verify_keys`` (by key id).

        Raises Refused with the first reason found, EnvironmentFault when the file cannot be read.
        """
        return read_batches(self._open("batches", path, identities, verify_keys), verify_keys)

    def open_pack(self, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]) -> OpenedPack:
        """The pack in ``path``, as ``open_carrier``."""
        return read_pack(self._open("pack", path, identities, verify_keys), verify_keys)

    def open_picture(self, path: Path) -> bytes:
        """The picture in ``path``, drawn anew in the worker as ``pictures.prepare`` does.

        Raises Refused for what is none, in one sentence; EnvironmentFault when the file cannot be read.
        """
        jpeg = self._open("picture", path, (), {})
        pictures.check(jpeg)
        return jpeg

    def read_codes(self, path: Path) -> list[str]:
        """The texts of the QR codes in the photograph in ``path``, found in the worker. Raises as ``open_picture``."""
        found: list[str] = msgspec.msgpack.decode(self._open("codes", path, (), {}), type=list[str])
        return found

    def close(self) -> None:
        """Let the worker go."""
        with self._turn:
            self._stop()

    def __enter__(self) -> Opener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, kind: Kind, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]) -> bytes:
        ask = _Ask(kind, str(path.absolute()), list(identities), list(verify_keys.values()), self._memory)
        with self._turn:
            process = self._running()
            late = threading.Event()
            timer = threading.Timer(self._timeout, self._kill, (process, late))
            timer.start()
            try:
                answer, data = self._talk(process, msgspec.msgpack.encode(ask))
            except (OSError, msgspec.MsgspecError):
                answer = None
            finally:
                timer.cancel()
            if answer is None or (not answer.word and data is None):
                self._stop()
                raise Refused("sync_files.too_slow" if late.is_set() else "sync_files.worker_died", name=path.name)
        if answer.word or data is None:
            raise (EnvironmentFault if answer.fault else Refused)(answer.word, **{"name": path.name, **answer.fields})
        return data

    @staticmethod
    def _talk(process: subprocess.Popen[bytes], ask: bytes) -> tuple[_Answer | None, bytes | None]:
        asked, answered = _pipes(process)
        _send(asked, ask)
        part = _receive(answered, LARGEST_ANSWER)
        if part is None:
            return None, None
        answer = msgspec.msgpack.decode(part, type=_Answer)
        return answer, None if answer.word else _receive(answered, carrier.LARGEST_FILE)

    @staticmethod
    def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
        late.set()
        process.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        # from its source the program is found beside this file, wherever the desk was started
        source = str(Path(__file__).resolve().parents[2])
        known = os.environ.get("PYTHONPATH")
        paths = source if not known else source + os.pathsep + known
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": paths},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in _pipes(process):
            with suppress(OSError):  # a request it never read
                pipe.close()
        process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise Bug("a worker without pipes")
    return process.stdin, process.stdout
