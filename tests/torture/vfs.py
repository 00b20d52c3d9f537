"""A recording layer under SQLite: every write, truncation, sync and deletion of its files, in their order.

It is a VFS of SQLite's own kind, made of the default one: `sqlite3_vfs` and `sqlite3_io_methods` are copied and four of
their functions replaced (https://sqlite.org/c3ref/vfs.html and https://sqlite.org/c3ref/io_methods.html, read
2026-11-22). It stands in as the default VFS for as long as the block lasts, so that the storage runs unchanged.
"""

import _sqlite3
import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

MAIN_DB, WAL = 0x100, 0x80000
OK, IOERR = 0, 10

OpenFunction = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
DeleteFunction = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
CloseFunction = CFUNCTYPE(c_int, c_void_p)
WriteFunction = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
TruncateFunction = CFUNCTYPE(c_int, c_void_p, c_int64)
SyncFunction = CFUNCTYPE(c_int, c_void_p, c_int)


class Vfs(ctypes.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = [  # noqa: RUF012 - ctypes reads it so
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", OpenFunction),
        ("delete", DeleteFunction),
        *((f"other{number}", c_void_p) for number in range(14)),
    ]


class Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = [  # noqa: RUF012 - ctypes reads it so
        ("version", c_int),
        ("close", CloseFunction),
        ("read", c_void_p),
        ("write", WriteFunction),
        ("truncate", TruncateFunction),
        ("sync", SyncFunction),
        *((f"other{number}", c_void_p) for number in range(13)),
    ]


class File(ctypes.Structure):
    """`sqlite3_file`: what the default VFS keeps of an open file follows this pointer."""

    _fields_ = [("methods", POINTER(Methods))]  # noqa: RUF012 - ctypes reads it so


class Act(StrEnum):
    """What was done to a file, or noted by whoever records."""

    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    DELETE = "delete"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Step:
    """One act on a file: `offset` of a write, new size of a truncation; or a note."""

    act: Act
    file: str = ""
    offset: int = 0
    data: bytes = b""
    note: Any = None


@dataclass(slots=True)
class Recording:
    """The steps so far. `before_sync` is called while a file's writes are done and its sync is not."""

    steps: list[Step] = field(default_factory=list)
    before_sync: Callable[[], None] | None = None
    errors: list[BaseException] = field(default_factory=list)

    def note(self, note: object) -> None:
        """Put a note between the steps."""
        self.steps.append(Step(Act.NOTE, note=note))


def _library() -> Any:  # noqa: ANN401 - functions are looked up by name
    """Return the very SQLite that Python uses."""
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    library.sqlite3_vfs_find.restype = POINTER(Vfs)
    library.sqlite3_vfs_find.argtypes = [c_char_p]
    library.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
    library.sqlite3_vfs_unregister.argtypes = [c_void_p]
    return library


@contextmanager
def recording(path: Path) -> Iterator[Recording]:
    """Record what SQLite does to this database file and its WAL while the block lasts; connections must end in it."""
    library = _library()
    layer = Layer(library.sqlite3_vfs_find(None), path)
    library.sqlite3_vfs_register(ctypes.byref(layer.vfs), 1)
    try:
        yield layer.recording
    finally:
        library.sqlite3_vfs_register(layer.below, 1)
        library.sqlite3_vfs_unregister(ctypes.byref(layer.vfs))
        if layer.recording.errors:
            raise layer.recording.errors[0]


class Layer:
    """The VFS, its functions, and the files that are open through it."""

    def __init__(self, below: Any, path: Path) -> None:  # noqa: ANN401 - a pointer to a Vfs
        self.below = below
        self.recording = Recording()
        self._names = {str(path): "db", f"{path}-wal": "wal"}
        self._open: dict[int, str] = {}
        self._methods: dict[int, Methods] = {}  # by the address of the original ones
        self._originals: dict[int, Methods] = {}
        self._functions = (
            CloseFunction(self._guarded(self._close)),
            WriteFunction(self._guarded(self._write)),
            TruncateFunction(self._guarded(self._truncate)),
            SyncFunction(self._guarded(self._sync)),
        )
        self.vfs = Vfs()
        ctypes.memmove(ctypes.byref(self.vfs), below, ctypes.sizeof(Vfs))
        self.vfs.next = None
        self.vfs.name = b"recording"
        self.vfs.open = OpenFunction(self._guarded(self._open_file))
        self.vfs.delete = DeleteFunction(self._guarded(self._delete))

    def _guarded(self, function: Callable[..., int]) -> Callable[..., int]:
        def call(*arguments: Any) -> int:  # noqa: ANN401 - what SQLite passes
            try:
                return function(*arguments)
            except BaseException as e:  # noqa: BLE001 - nothing may be thrown through C
                self.recording.errors.append(e)
                return IOERR

        return call

    def _open_file(self, _vfs: int, name: int, file: int, flags: int, out: int) -> int:
        code = int(self.below.contents.open(ctypes.cast(self.below, c_void_p), name, file, flags, out))
        path = ctypes.string_at(name).decode() if name else ""
        if code == OK and flags & (MAIN_DB | WAL) and path in self._names:
            opened = ctypes.cast(file, POINTER(File)).contents
            original = Methods.from_address(ctypes.addressof(opened.methods.contents))
            self._open[file], self._originals[file] = self._names[path], original
            opened.methods = ctypes.pointer(self._with_ears(original))
        return code

    def _with_ears(self, original: Methods) -> Methods:
        address = ctypes.addressof(original)
        if address not in self._methods:
            copy = Methods()
            ctypes.memmove(ctypes.byref(copy), ctypes.byref(original), ctypes.sizeof(Methods))
            copy.close, copy.write, copy.truncate, copy.sync = self._functions
            self._methods[address] = copy
        return self._methods[address]

    def _close(self, file: int) -> int:
        original = self._originals.pop(file)
        del self._open[file]
        return int(original.close(file))

    def _write(self, file: int, data: int, amount: int, offset: int) -> int:
        written = ctypes.string_at(data, amount)
        self.recording.steps.append(Step(Act.WRITE, self._open[file], offset, written))
        return int(self._originals[file].write(file, data, amount, offset))

    def _truncate(self, file: int, size: int) -> int:
        self.recording.steps.append(Step(Act.TRUNCATE, self._open[file], size))
        return int(self._originals[file].truncate(file, size))

    def _sync(self, file: int, flags: int) -> int:
        if self.recording.before_sync is not None:
            self.recording.before_sync()
        code = int(self._originals[file].sync(file, flags))
        self.recording.steps.append(Step(Act.SYNC, self._open[file]))
        return code

    def _delete(self, _vfs: int, name: bytes, sync: int) -> int:
        path = os.fsdecode(name)
        if path in self._names:
            self.recording.steps.append(Step(Act.DELETE, self._names[path]))
        return int(self.below.contents.delete(ctypes.cast(self.below, c_void_p), name, sync))
