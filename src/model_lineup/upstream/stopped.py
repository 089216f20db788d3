"""What stopped an exchange with a provider, as the failure that is told: the same for whoever asks."""

from model_lineup.upstream import failures
from model_lineup.upstream.contract import Failure, MalformedError, ProviderError, Target, UnsupportedError
from model_lineup.upstream.sending import FailedError
from model_lineup.upstream.sse import EventTooLargeError
from model_lineup.upstream.wire import WireError

STOPPED = (FailedError, UnsupportedError, WireError, MalformedError, EventTooLargeError, ProviderError)
"""All that may come while a provider is asked and its answer is read."""


def failure_of(error: Exception, target: Target, status: int | None) -> Failure:
    """`error`: one of `STOPPED`. `status`: of the answer, as far as there was one."""
    endpoint = target.endpoint
    match error:
        case FailedError():
            return error.failure
        case UnsupportedError():
            return failures.simple("model", "unsupported", str(error), endpoint)
        case WireError():
            return failures.of_wire(error, endpoint, status)
        case MalformedError():
            return failures.of_malformed(str(error), endpoint, status)
        case EventTooLargeError():
            return failures.simple("protocol", "too_large", f"The stream broke a limit: {error}.", endpoint, status)
        case ProviderError():
            return failures.of_provider_error(error, endpoint, target.model_id)
    raise error
