"""Every error that Priory raises on purpose, and what each tells the person who meets it."""

from __future__ import annotations

__all__ = ["FailedError", "InputError", "PrioryError", "StoppedError"]


class PrioryError(Exception):
    """Something a person can mend; prints where, what is wrong and what to do.

    Args:
        message: The value and what is wrong with it, one sentence.
        where: File and line, tree and address, or column; empty when there is no place.
        remedy: The command or change that mends it, one sentence; empty when none is known.
    """

    code: str = "error"
    exit_code: int = 1

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.where, self.remedy = message, where, remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}" + (f" {self.remedy}" if self.remedy else "")

    def to_dict(self) -> dict[str, str]:
        """The JSON that every face prints for this error."""
        return {
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "remedy": self.remedy,
        }


class InputError(PrioryError, ValueError):
    """What was given can't be used; exit code 2."""

    code = "bad-input"
    exit_code = 2


class FailedError(PrioryError):
    """The world said no (disk, database, another program); exit code 1."""

    code = "failed"
    exit_code = 1


class StoppedError(PrioryError):
    """Stopped early and can go on from here (a used-up budget, a person is needed); exit code 3."""

    code = "stopped"
    exit_code = 3
