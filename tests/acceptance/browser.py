"""A real Chromium without a window, for pages that follow the stream."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)
NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no browser on the PATH: {', '.join(NAMES)}"
)

START_MILLISECONDS = 60_000
PATH = "/page-of-a-test"


@contextmanager
def page_at(origin: str, script: str) -> Iterator[Page]:
    """A page of that origin with the script in it, as if the server had such a page."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    html = f"<!doctype html><meta charset=utf-8><title>a page</title><script>{script}</script>"

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/html; charset=utf-8", body=html)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=arguments, timeout=START_MILLISECONDS
        )
        try:
            page = browser.new_page()
            page.route(f"**{PATH}", answer)
            page.goto(origin + PATH)
            yield page
        finally:
            browser.close()
