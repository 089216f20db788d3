"""What an operator meets: the database, a start, and the work on a whole instance."""

from model_lineup.errors.tree import LineupError, Unavailable


class DatabaseBusy(Unavailable):
    code = "database_busy"
    title = "The database is busy"


class DatabaseUnreadable(Unavailable):
    code = "database_unreadable"
    title = "The database could not be read"


class StartRefused(LineupError):
    """Lineup does not start like this; the command line prints the message and exits with 78 (`EX_CONFIG`)."""

    code = "start_refused"
    title = "Lineup refuses to start"


class OperationRefused(LineupError):
    """A backup, a restore or a rotation cannot be done like this, and changed nothing; exit code 1."""

    code = "operation_refused"
    title = "Lineup refuses to do this"
