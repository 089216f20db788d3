"""A benchmark's plan in a file, TOML or JSON, told with its lines for who wrote something wrong."""

from pathlib import Path

from model_lineup.benchmarks.plan_text import MOST_BYTES, PlanText, UnreadablePlanError
from model_lineup.cli.client import Refused
from model_lineup.cli.misused import Misused


class PlanFile:
    """`fields` are as they stand in the file. Raises Misused for one that cannot be read."""

    def __init__(self, path: Path) -> None:
        try:
            self._read = PlanText(str(path), _text(path), is_json=path.suffix == ".json")
        except UnreadablePlanError as error:
            raise Misused(str(error)) from None
        self.path, self.fields = path, self._read.fields

    def explained(self, refused: Refused) -> Misused | None:
        """What the API refused, by line and field; None if that is not about a field of this file."""
        told = self._read.explained(refused.problem.get("errors") or [])
        return Misused("\n".join(told)) if told else None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Misused(f"{path}: is larger than a plan may be ({MOST_BYTES} bytes).")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Misused(f"{path}: cannot be read: {why}.") from None
