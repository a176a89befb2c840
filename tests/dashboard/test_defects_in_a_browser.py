"""The Defects page as a quality engineer uses it."""

import csv
import io
import re
import zipfile

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from core.verdict import Decision
from dashboard.story.read_models import DefectFilter, newest_parts
from tests.dashboard.places import Place, opened

pytestmark = [pytest.mark.server, pytest.mark.slow]

OPAQUE = """(canvas) => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let at = 3; at < data.length; at += 4) if (data[at] > 60) count += 1;
  return count / (canvas.width * canvas.height);
}"""


def test_the_newest_defects_are_listed_and_one_opens_large_with_its_map(browser: Browser, address: str) -> None:
    """Frame, map on the model's own scale, and the story."""
    page = opened(browser, f"{address}/defects")
    page.locator(".gallery button.is-ng").first.click()
    part = page.locator(".part")
    expect(part.locator(".word.ng")).to_have_text("NG")
    expect(part.locator(".picture[data-shown]")).to_have_count(1)
    expect(part.locator("dl")).to_contain_text("torch-cpu-float32")
    page.wait_for_timeout(500)
    assert part.locator("img.frame").evaluate("image => image.naturalWidth") == 512
    assert 0.0005 < part.locator("canvas.map").evaluate(OPAQUE) < 0.1
    page.context.close()


def test_the_map_is_toggled_by_m_and_its_opacity_by_brackets(browser: Browser, address: str) -> None:
    """All in the browser: no round trip."""
    page = opened(browser, f"{address}/defects")
    page.locator(".gallery button.is-ng").first.click()
    canvas = page.locator(".part canvas.map")
    expect(page.locator(".part .word.ng")).to_have_count(1)
    expect(canvas).to_have_css("visibility", "visible")
    page.keyboard.press("m")
    expect(canvas).to_have_css("visibility", "hidden")
    page.keyboard.press("m")
    expect(canvas).to_have_css("visibility", "visible")
    page.keyboard.press("]")
    expect(canvas).to_have_css("opacity", "0.8")
    page.keyboard.down("f")
    expect(canvas).to_have_css("visibility", "hidden")
    page.keyboard.up("f")
    expect(canvas).to_have_css("visibility", "visible")
    page.context.close()


def test_arrows_go_from_part_to_part_once_per_key(browser: Browser, address: str) -> None:
    """However often the page reran before."""
    page = opened(browser, f"{address}/defects")
    items = page.locator(".gallery button")
    expect(page.locator(".part .picture[data-shown]")).to_have_count(1)
    for place in range(1, 5):
        page.keyboard.press("ArrowRight")
        chosen = items.nth(place).get_attribute("data-part")
        expect(items.nth(place)).to_have_attribute("aria-selected", "true")
        expect(page.locator(f'.part .picture[data-shown="{chosen}"]')).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    expect(items.nth(3)).to_have_attribute("aria-selected", "true")
    page.context.close()


def test_what_a_message_says_is_shown_as_text_and_never_run(browser: Browser, address: str) -> None:
    """An ERROR's detail may hold anything."""
    page = opened(browser, f"{address}/defects")
    page.get_by_role("button", name="ERROR", exact=True).click()
    undecodable = page.locator('.gallery button:has-text("no picture")').first
    undecodable.click()
    story = page.locator(".part .story")
    expect(story).to_contain_text("<b>it starts with</b> `<script>`")
    expect(story.locator("b")).to_have_count(0)
    expect(page.locator(".part .absent")).to_contain_text("not a picture that can be shown")
    page.locator('.gallery button:has-text("not kept")').first.click()
    expect(page.locator(".part .absent")).to_contain_text("The frame was not kept")
    page.context.close()


def test_filters_narrow_the_gallery(browser: Browser, address: str) -> None:
    """By decision and by camera."""
    page = opened(browser, f"{address}/defects")
    expect(page.locator(".gallery button.is-ng").first).to_be_visible()
    page.get_by_role("button", name="REVIEW", exact=True).click()
    expect(page.locator(".gallery button:not(.is-review)")).to_have_count(0)
    expect(page.locator(".gallery button.is-review").first).to_be_visible()
    page.context.close()


def test_one_to_one_shows_the_frame_s_own_pixels(browser: Browser, address: str) -> None:
    """`x` or a click on a place."""
    page = opened(browser, f"{address}/defects")
    page.locator(".gallery button.is-ng").first.click()
    expect(page.locator(".part .word.ng")).to_have_count(1)
    page.wait_for_timeout(500)
    page.keyboard.press("x")
    expect(page.locator(".part.actual-size")).to_have_count(1)
    box = page.locator(".part img.frame").bounding_box()
    assert box
    assert (round(box["width"]), round(box["height"])) == (512, 512)
    page.context.close()


def test_what_is_filtered_stands_in_the_address(browser: Browser, address: str) -> None:
    """Sent to somebody, it shows them the same parts; what is typed goes there by itself."""
    page = opened(browser, f"{address}/defects?defect_decisions=NG&defect_lot=L-24001")
    items = page.locator(".gallery button")
    expect(items.first).to_be_visible()
    expect(page.locator(".gallery button:not(.is-ng)")).to_have_count(0)
    expect(page.locator(".part dl")).to_contain_text("L-24001")
    page.get_by_role("button", name="more filters").click()
    page.get_by_label("lot").fill("L-24000")
    page.get_by_label("lot").press("Enter")
    expect(page.locator(".part dl")).to_contain_text("L-24000")
    expect(page).to_have_url(re.compile("defect_lot=L-24000"))
    page.context.close()


def test_an_export_opens_again(browser: Browser, address: str, seeded: Place) -> None:
    """Each row of the table has its frame and its map beside it, as the camera and the model made them."""
    page = opened(browser, f"{address}/defects")
    page.get_by_role("button", name="NG", exact=True).click()
    expect(page.locator(".gallery button:not(.is-ng)")).to_have_count(0)
    page.get_by_role("button", name="export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="folder of frames and maps (zip)").click()
    with zipfile.ZipFile(download.value.path()) as folder:
        rows = list(csv.DictReader(io.StringIO(folder.read("parts.csv").decode())))
        frames = {row["sequence"] + row["camera"]: folder.read(row["frame"]) for row in rows}
        maps = [cv2.imdecode(np.frombuffer(folder.read(row["map"]), np.uint8), cv2.IMREAD_GRAYSCALE) for row in rows]
    expected = newest_parts(seeded.engine, DefectFilter((Decision.NG,)), None, 500)
    assert frames == {
        f"{part.key.sequence}{part.key.camera}": seeded.line.artifacts.get(part.frame_uri) for part in expected
    }
    assert all(scores.shape == (128, 128) and scores.max() == 255 for scores in maps)
    page.context.close()
