"""docs/views.md says what the views' headers say, and what they answer on the sample."""

from tests.test_docs import ROOT
from tests.views_page import AXES, EMPTY, page

KEPT = ROOT / "docs" / "views.md"


def test_the_page_of_views_is_what_their_headers_and_the_sample_make_of_it() -> None:
    """Made anew by `just views`."""
    assert KEPT.read_text("utf-8") == page()


def test_the_page_has_every_view_over_five_axes_and_says_of_one_without_rows_why() -> None:
    text = KEPT.read_text("utf-8")
    views = {part.split("`")[0]: part for part in text.split("\n### `")[1:]}
    files = (ROOT / "session_lattice" / "views").rglob("*.sql")
    assert views.keys() == {file.stem for file in files}
    assert [part.partition(":")[0].lower() for part in text.split("\n## ")[2:]] == [*AXES]
    without = {name for name, part in views.items() if "No row on the sample" in part}
    assert without == EMPTY.keys()
    for name, reason in EMPTY.items():
        assert f"No row on the sample: {reason}." in views[name]
