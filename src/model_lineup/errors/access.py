"""What stands against signing in, setting up and changing people and groups."""

from model_lineup.errors.tree import BadRequest, Conflict, NotAllowed, TooManyRequests, Unavailable, UpstreamFailed


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


class PasswordSignInOff(NotAllowed):
    code = "password_sign_in_off"
    title = "Passwords are not taken here"


class SignOnBroken(BadRequest):
    """A sign-in that was not begun here, or long ago, or has been used; `reason` says which."""

    code = "sign_on_broken"
    title = "This sign-in cannot go on"


class SignOnRefused(NotAllowed):
    """The provider vouches for somebody who may not come in, or for nobody; `reason` says why."""

    code = "sign_on_refused"
    title = "You are not signed in"


class SignOnUnavailable(UpstreamFailed):
    """The provider cannot be reached, or what it says cannot be trusted; `reason` says which."""

    code = "sign_on_unavailable"
    title = "Single sign-on does not work at the moment"
