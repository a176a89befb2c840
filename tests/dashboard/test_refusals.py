"""What a page says where a change was refused."""

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = """
from core import errors
from dashboard.views.trouble import say_no
with say_no():
    raise errors.{error}("line1 at 10.1.2.3")
"""


@pytest.mark.parametrize(
    ("error", "is_told"), [("AccessDenied", True), ("LedgerUnavailable", False), ("SettingRefused", False)]
)
def test_a_refusal_s_detail_is_told_and_a_driver_s_is_not(error: str, is_told: bool) -> None:
    """What to do stands in the error's own words; servers and their addresses stay in the log."""
    page = AppTest.from_string(SCRIPT.format(error=error)).run()
    (words,) = [each.value.replace("\\", "") for each in page.error]
    assert words
    assert ("10.1.2.3" in words) is is_told
