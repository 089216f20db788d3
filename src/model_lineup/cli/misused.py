"""What a verb raises when it was called in a way that it does not take: exit code 2, with the usage."""

import typer


class Misused(typer.BadParameter):
    """The message stands for itself; Typer would put "Invalid value" before it."""

    def format_message(self) -> str:
        return self.message
