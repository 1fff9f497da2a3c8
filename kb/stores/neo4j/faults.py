"""What the driver and the server say when the world says no, in words that name the place and the remedy.

Told apart by ``exc.code``: ``gql_status`` differs between versions of the server for the same fault. No
message of the driver about a sign-in is repeated, so no password can slip through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from kb.errors import FailedError, InputError, PrioryError

__all__ = [
    "BadStoreAddressError",
    "DatabaseMissingError",
    "PasswordMustBeChangedError",
    "ReadOnlyStoreError",
    "SignInError",
    "StoreTimeoutError",
    "StoreUnreachableError",
    "fault",
    "named_faults",
]


class BadStoreAddressError(InputError):
    """The URL names no database."""

    code = "bad-store-address"


class StoreUnreachableError(FailedError):
    """No server answers there, or it is not one that speaks Bolt."""

    code = "store-unreachable"


class SignInError(FailedError):
    """The server doesn't let this user in with this password."""

    code = "sign-in"


class PasswordMustBeChangedError(SignInError):
    """The server wants a new password before it does anything else."""

    code = "password-must-be-changed"


class DatabaseMissingError(InputError):
    """The server has no database of that name."""

    code = "database-missing"


class ReadOnlyStoreError(FailedError):
    """The database or the user may not write."""

    code = "store-read-only"


class StoreTimeoutError(FailedError):
    """The server gave up a statement that took too long; nothing was written."""

    code = "store-timeout"


_SIGN_IN = (
    "Set NEO4J_USERNAME and NEO4J_PASSWORD, or write both into the URL: neo4j://user:password@host. "
    "Special characters of a password are percent-encoded in a URL."
)
_CHANGE_IT = (
    "ALTER CURRENT USER SET PASSWORD FROM 'old' TO 'new' in the database system, for example with "
    "cypher-shell -d system; it needs 8 characters or more."
)
_READ_ONLY = {
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    "Neo.ClientError.Security.Forbidden",
    "Neo.ClientError.Statement.AccessMode",
}
_FULL = {
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
    "Neo.TransientError.General.OutOfMemoryError",
    "Neo.TransientError.General.TransactionOutOfMemoryError",
}


def fault(error: Neo4jError | DriverError, where: str) -> PrioryError:
    """The error that a person meets."""
    if isinstance(error, Neo4jError):
        return _said(error, error.code or "", where)
    if isinstance(error, ConfigurationError):
        return BadStoreAddressError(
            "the driver can't use this URL.", where=where, remedy="See docs/stores.md."
        )
    if isinstance(error, IncompleteCommit):
        return StoreUnreachableError(
            "the connection broke during a commit; what was written is whole or absent.",
            where=where,
            remedy="Do it again: what was written is recognised.",
        )
    if isinstance(error, ServiceUnavailable | SessionExpired):
        return _unreachable(error, where)
    return FailedError(f"the driver said: {_one_line(error)}.", where=where)


def _said(error: Neo4jError, code: str, where: str) -> PrioryError:
    """What the server said, by its code."""
    if code == "Neo.ClientError.Security.AuthenticationRateLimit":
        return SignInError(
            "the server refuses everybody for some seconds after wrong passwords.",
            where=where,
            remedy="Wait a few seconds, then try once with the right one.",
        )
    if code == "Neo.ClientError.Security.CredentialsExpired":
        return PasswordMustBeChangedError(
            "the password must be changed first.", where=where, remedy=_CHANGE_IT
        )
    if isinstance(error, AuthError) or code == "Neo.ClientError.Security.Unauthorized":
        return SignInError("the user or the password is wrong.", where=where, remedy=_SIGN_IN)
    if code == "Neo.ClientError.Database.DatabaseNotFound":
        return DatabaseMissingError(
            "the server has no such database.",
            where=where,
            remedy="Community edition has one, neo4j; name another one only where it was created.",
        )
    if code == "Neo.TransientError.General.DatabaseUnavailable":
        return _unavailable(where)
    if code in _READ_ONLY:
        return ReadOnlyStoreError(
            "the database can't be written here.",
            where=where,
            remedy="Use the server that takes writes, and a user who may write and change the schema.",
        )
    if "TransactionTimedOut" in code:
        return StoreTimeoutError(
            "the server gave up a statement that took too long; nothing was written.",
            where=where,
            remedy="Try again when it is less busy.",
        )
    if code in _FULL:
        return FailedError(
            "the server ran out of memory for this transaction; nothing was written.",
            where=where,
            remedy="Give it more: server.memory.heap.max_size, db.memory.transaction.max.",
        )
    return FailedError(f"the database said: {_one_line(error)}.", where=where)


def _unavailable(where: str) -> StoreUnreachableError:
    return StoreUnreachableError(
        "the server is up, but this database is not available.",
        where=where,
        remedy="Wait until it has started or recovered, or read the server's log.",
    )


def _unreachable(error: DriverError, where: str) -> StoreUnreachableError:
    """The cause hides in what the driver wraps; over neo4j:// it says only that routing failed."""
    said = " | ".join(_texts(error))
    if "looks like HTTP" in said:
        return StoreUnreachableError(
            "that port speaks HTTP, not Bolt.", where=where, remedy="Bolt is usually on port 7687."
        )
    if "DatabaseUnavailable" in said:
        return _unavailable(where)
    if "BoltSecurityError" in said or "SSL" in said or "CERTIFICATE" in said:
        return StoreUnreachableError(
            "the encrypted connection failed.",
            where=where,
            remedy="For a server without TLS write neo4j:// without +s; for its own certificate +ssc.",
        )
    return StoreUnreachableError(
        "no Neo4j server answers there.",
        where=where,
        remedy="Start it, or mend host and port; docker compose up -d neo4j starts one here.",
    )


def _texts(error: BaseException) -> Iterator[str]:
    """The error, its causes and the members of groups, each as text."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield f"{type(each).__name__} {each}"
        todo += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions


def _one_line(error: Exception) -> str:
    said = error.message if isinstance(error, Neo4jError) and error.message else str(error)
    return " ".join(said.split()).rstrip(".")[:500]


@contextmanager
def named_faults(where: str) -> Iterator[None]:
    """Turn what the driver raises inside into errors that name the database.

    Raises:
        FailedError: The database can't be reached, read or written.
        InputError: It is not there, or a text holds half a character, which no database keeps.
    """
    try:
        yield
    except PrioryError:
        raise
    except (Neo4jError, DriverError) as error:
        raise fault(error, where) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"a text holds half a character, {error.object[error.start : error.end]!r}.",
            remedy="Write it as whole Unicode characters.",
        ) from error
