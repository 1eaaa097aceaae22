"""A page of committed artifacts in Chromium, in which nothing may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def opened(chromium, url: str, **options: object) -> Iterator:
    """The page, once its panels are there. What a panel does is no other's concern, so tests may share it."""
    context = chromium.new_context(**options)
    seen = []
    page = context.new_page()
    page.set_default_timeout(20_000)
    # Reading canvases back is what tests do, not the page.
    page.on("console", lambda message: "willReadFrequently" in message.text or seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto(url)
    page.wait_for_selector("html[data-ready]")
    try:
        yield page
    finally:
        context.close()
    assert seen == []


def panel(page, model: str):
    """The section of a model, in sight."""
    section = page.locator("section", has=page.locator(f"a[href='#model-{model}']")).first
    section.scroll_into_view_if_needed()
    return section


def is_as_wide_as_a_phone(page) -> bool:
    """Whether nothing scrolls sideways at 360 pixels."""
    before = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 740})
    widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    page.set_viewport_size(before)
    return widths == [360, 360]
