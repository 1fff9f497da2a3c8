"""Encodings of text files: UTF-8 unless a person says otherwise, and an error where that can't be."""

from __future__ import annotations

import codecs
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kb.errors import InputError

__all__ = ["DAMAGED", "UNSAID", "Encoding", "as_utf8", "opened", "refuse_utf8_as"]

DAMAGED = (EOFError, OSError, zlib.error)  # what reading a file raises, zipped or not
_BLOCK = 2**22
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a person said of a file's encoding.

    Attributes:
        name: As Python names it; None is UTF-8, or UTF-16 where the file says so.
        option: How a person names it, for messages; empty where they can't.
    """

    name: str | None = None
    option: str = ""


UNSAID = Encoding()


@contextmanager
def as_utf8(path: Path, head: bytes, encoding: Encoding = UNSAID) -> Iterator[Path]:
    """The path of a plain UTF-8 text with the same content; a copy where the file is not one itself.

    Args:
        path: A file, perhaps gzipped.
        head: Its first bytes, unzipped.
        encoding: What is said of it.

    Raises:
        InputError: There is no such encoding, or the file is no text in it; names the line.
    """
    says_itself = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    codec, option = _codec(path, encoding.name or ("utf-16" if says_itself else "utf-8")), encoding.option
    if codec == "utf-8" and not _is_zipped(path):
        with opened(path) as file:
            _decode(path, file, codec, None, option)
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "table.csv")
        with opened(path) as file, copy.open("wb") as out:
            _decode(path, file, codec, out, option)
        yield copy


def opened(path: Path) -> BinaryIO | gzip.GzipFile:
    """The bytes of a file, unzipped where it is gzipped.

    Raises:
        OSError: There is no such file, or it can't be read; what is in it may still be ``DAMAGED``.
    """
    return gzip.open(path) if _is_zipped(path) else path.open("rb")


def refuse_utf8_as(path: Path, encoding: str, remedy: str) -> None:
    """Refuse an encoding that was said of a file that is UTF-8, which text in few others looks like.

    Most one-byte encodings read anything, so that without an error its letters would come out wrong.

    Raises:
        InputError: As said.
    """
    if _codec(path, encoding).startswith("utf"):
        return
    decoder, beyond_ascii = codecs.getincrementaldecoder("utf-8")(), False
    try:
        with opened(path) as file:
            while block := file.read(_BLOCK):
                beyond_ascii |= not block.isascii()
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except (UnicodeDecodeError, *DAMAGED):
        return
    if beyond_ascii:
        raise InputError(f"is UTF-8, not {encoding}.", where=str(path), remedy=remedy)


def _is_zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def _codec(path: Path, encoding: str) -> str:
    try:
        "".encode(encoding)  # refuses those that turn no bytes into text, such as hex and rot13
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        remedy = "Use a name such as utf-8, latin-1 or cp1252."
        raise InputError(f"{encoding!r} is no encoding of text.", where=str(path), remedy=remedy) from error


def _decode(
    path: Path, file: BinaryIO | gzip.GzipFile, codec: str, out: BinaryIO | None, option: str
) -> None:
    """Read the text to its end, and write it as UTF-8."""
    decoder, line = codecs.getincrementaldecoder(codec)(), 1
    while True:
        try:
            block = file.read(_BLOCK)
            text = decoder.decode(block, final=not block)
            as_written = text.encode() if out is not None else b""
        except UnicodeError as error:
            before = error.object[: error.start].count(b"\n") if isinstance(error, UnicodeDecodeError) else 0
            named = f"Name its encoding, for instance {option} latin-1, or save it as UTF-8."
            remedy = named if option else "Save it as UTF-8."
            raise InputError(
                f"is not {codec} text.", where=f"{path}:{line + before}", remedy=remedy
            ) from error
        except DAMAGED as error:
            remedy = "Check the file, or fetch it again."
            raise InputError(f"breaks off: {error}.", where=str(path), remedy=remedy) from error
        if "\x00" in text:
            line += text[: text.index("\x00")].count("\n")
            named = f", or name its encoding with {option}" if option else ""
            remedy = f"Give a CSV, TSV or Parquet file{named}."
            raise InputError("is not text: it holds zero bytes.", where=f"{path}:{line}", remedy=remedy)
        line += text.count("\n")
        if out is not None:
            out.write(as_written)
        if not block:
            return
