"""What a station says over HTTP, as a test asks it."""

import urllib.error
import urllib.request


def asked(url: str) -> tuple[int, str]:
    """The status and what was said; 0 and why where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
