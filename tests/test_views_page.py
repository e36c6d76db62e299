"""docs/views.md says what the views' headers say, and what they answer on the sample."""

from tests.test_docs import ROOT
from tests.views_page import AXES, page


def test_the_page_of_views_is_what_their_headers_and_the_sample_make_of_it() -> None:
    """Made anew by `just views`."""
    assert (ROOT / "docs" / "views.md").read_text("utf-8") == page()


def test_the_page_has_thirty_five_views_over_five_axes_each_with_rows_of_the_sample() -> None:
    text = (ROOT / "docs" / "views.md").read_text("utf-8")
    assert len(AXES) == 5
    assert text.count("\n### `") >= 35
    assert "No row on the sample" not in text
