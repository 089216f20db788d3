"""What stands against signing in, setting up and changing people and groups."""

from model_lineup.errors.tree import Conflict, TooManyRequests, Unavailable


class DuplicatePerson(Conflict):
    code = "duplicate_person"
    title = "Another person has this e-mail address"


class DuplicateGroup(Conflict):
    code = "duplicate_group"
    title = "Another group has this name"


class GroupInUse(Conflict):
    code = "group_in_use"
    title = "Models or aliases are limited to this group"


class LastAdmin(Conflict):
    code = "last_admin"
    title = "The last administrator cannot go"


class SetupDone(Conflict):
    code = "setup_done"
    title = "Lineup is set up already"


class SetupPending(Unavailable):
    code = "setup_pending"
    title = "Lineup has no administrator yet"


class SignInThrottled(TooManyRequests):
    code = "sign_in_throttled"
    title = "Too many sign-ins"


class PasswordsBusy(Unavailable):
    code = "passwords_busy"
    title = "Too many passwords are being checked"
