"""`make screenshots`: one picture of each page and theme, from a seeded line in a real browser."""

import argparse
import itertools
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.dashboard.places import chromium, fresh_line, opened, running_dashboard
from tests.dashboard.seed import parts_now, seed_parts, seed_workers
from tests.dashboard.seed_nights import seed_disagreements, seed_nights
from tests.dashboard.seed_weeks import seed_weeks

PAGES = ("live", "review", "defects", "shift", "trends", "thresholds", "products", "models", "health")
QUIET = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true], [data-test-script-state=running]')"
PARTS = 60
SETTLE_MS = 2500
"""Pictures are decoded after the page says that it is done."""


def main() -> None:
    """Seed, start, look, write."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--pages", nargs="*", default=PAGES)
    parser.add_argument("--sizes", nargs="*", default=["1280x800"])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, fresh_line(Path(folder)) as place:
        seed_weeks(place.line)
        judging = place.line.ledger.active()["gear"].model.id
        seed_parts(place.line, PARTS)
        newest = place.line.ledger.active()["gear"].model.id
        seed_disagreements(place.line, seed_nights(place.line, newest, judging))
        seed_workers(place.line)
        with running_dashboard(place.environment, Path(folder)) as address, chromium() as browser:
            looks = itertools.product(asked.pages, asked.sizes, ("light", "dark"))
            for number, (name, size, scheme) in enumerate(looks):
                _shoot(browser, address, name, size, scheme, asked.out, partial(parts_now, place.line, PARTS + number))


def _shoot(
    browser: Browser, address: str, name: str, size: str, scheme: str, out: Path, next_parts: Callable[[], None]
) -> None:
    width, height = map(int, size.split("x"))
    page: Page = opened(browser, f"{address}/{'' if name == PAGES[0] else name}", width, height, scheme)
    page.wait_for_selector("[data-testid=stMainBlockContainer] [data-testid]")
    next_parts()  # or the line would look as if it stood still
    for _ in range(2):  # a page that has not begun yet is quiet too
        page.wait_for_timeout(SETTLE_MS)
        page.wait_for_function(QUIET)
    tag = "" if size == "1280x800" else f"-{size}"
    page.screenshot(path=out / f"{name}-{scheme}{tag}.png")
    page.context.close()
    print(out / f"{name}-{scheme}{tag}.png")


if __name__ == "__main__":
    main()
