"""How long to wait before a question is asked again."""

import time
from email.utils import parsedate_to_datetime
from threading import Event

import tenacity

from session_lattice.errors import UpstreamError

ATTEMPTS = 3
"""At a question, within one pull; a pull that fails is tried again by the puller."""

FIRST_WAIT_SECONDS = 0.2
"""Before the second attempt; it doubles, and chance adds up to as much again."""

LONGEST_WAIT_SECONDS = 5.0
"""Between two attempts. An upstream that asks for more is left alone until the time is over."""

LONGEST_RETRY_AFTER_SECONDS = 3600.0
"""What an upstream may ask for; it is asked again after this, whatever it said."""

SECONDS_DIGITS = 12
"""Of a Retry-After in seconds that are read."""

_backoff = tenacity.wait_exponential_jitter(
    multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS, jitter=FIRST_WAIT_SECONDS
)


def retrying(attempts: int, given_up: Event) -> tenacity.Retrying:
    """Up to so many attempts while the error is transient, none once `given_up` is set."""
    return tenacity.Retrying(
        stop=tenacity.stop_after_attempt(attempts) | tenacity.stop_when_event_set(given_up),
        wait=_wait,
        retry=tenacity.retry_if_exception(_is_worth_another),
        sleep=tenacity.sleep_using_event(given_up),
        reraise=True,
    )


def retry_after(text: str) -> float | None:
    """Seconds to wait by a Retry-After header, in seconds or as a date (RFC 9110, 10.2.3).

    None when there is none that can be read; at most LONGEST_RETRY_AFTER_SECONDS.
    """
    text = text.strip()
    if text.isdecimal():
        seconds = float(text[:SECONDS_DIGITS])
    else:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def _is_worth_another(error: BaseException) -> bool:
    """Whether the same question may be answered within this pull."""
    if not isinstance(error, UpstreamError) or not error.transient:
        return False
    return (error.retry_after_seconds or 0.0) <= LONGEST_WAIT_SECONDS


def _wait(state: tenacity.RetryCallState) -> float:
    """What the upstream asks for, and never less than the backoff."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, UpstreamError) else None
    return max(_backoff(state), asked or 0.0)
