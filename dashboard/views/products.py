"""Products: the recipe, regions that do not count, good pictures, and the first model."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.asking import ask_training
from core.changes import save_product
from core.errors import LineError
from core.frame import PRODUCT_NAME
from core.product import Product, Recipe
from core.regions import Regions, regions_of
from core.request import RequestKind
from dashboard import wiring
from dashboard.components.registered import regions as regions_view
from dashboard.products.good_pictures import GoodPictures, keep_good_pictures
from dashboard.products.read_models import newest_picture
from dashboard.products.recipe_form import (
    MASKS,
    NIGHTS,
    RULE,
    SHARES,
    SIDES,
    SWITCHES,
    TEXTS,
    kinds_of,
    of_its_kind,
    optional_number,
    recipe_of,
    shown,
)
from dashboard.views.live import running
from dashboard.views.preview import preview
from dashboard.views.trouble import page_style, plain, say_no, show_away, show_error
from dashboard.who import person

NEW = "new product"
DRAWN = "recipe_drawn"
"""Which recipe the form was drawn from last, and of which product."""
PROGRESS_EVERY_S = 2.0
REQUESTS = 10
"""Newest among which that for a model is looked for; previews say theirs below."""
KINDS = ["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"]


def page() -> None:
    """The product's recipe on the left, its picture and its first model on the right."""
    page_style()
    if "product" not in st.session_state:  # the page is opened anew: nothing is entered that a change could take away
        st.session_state.pop(DRAWN, None)
    try:
        known = {product.name: product for product in wiring.line().ledger.products()}
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            chosen = st.selectbox("product", [*known, NEW], label_visibility="collapsed", width=220, key="product")
            name = chosen if chosen != NEW else st.text_input(
                "name", placeholder="name: a-z, 0-9, . _ -", label_visibility="collapsed", width=240
            )  # fmt: skip
        if chosen == NEW and name in known:
            st.info(
                plain(f"There is a product {name} already: choose it from the list, or give the new one another name.")
            )
            return
        product = known.get(chosen)
        left, right = st.columns([1.1, 1], gap="medium")
        with right:
            ignore = _regions(name, product.recipe if product else Recipe())
            _good_pictures(name)
        with left:
            _masters(name)
            _recipe(chosen, name, product.recipe if product else Recipe(), ignore)
    except LineError as error:
        show_away(error)


def _masters(name: str) -> None:
    """How many there are; they are kept where they are used."""
    known = wiring.line().ledger.masters(name)
    bad = sum(master.is_bad for master in known)
    words = f"{bad} known bad, {len(known) - bad} known good" if known else "none yet"
    st.markdown(f"Master parts: {words} \u00b7 [Shift start](shift) adds, retires and runs them")


def _recipe(chosen: str, name: str, recipe: Recipe, ignore: Regions) -> None:
    has_changed = _has_changed(chosen, recipe)
    with st.form(f"recipe/{chosen}", border=False):  # of its own: what is half entered for one is not another's
        entered = _numbers(recipe) | _texts(recipe) | _mask(recipe)
        nights = _nights(recipe)
        kinds = st.text_area(
            "kinds of defects, one a line: the first nine have the keys 1 to 9",
            "\n".join(recipe.defect_kinds),
            height=100,
        )
        said = st.container()  # above the button: below it, it would be below the window's edge
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            why = st.text_input("reason", placeholder="others read it later", width="stretch")
            asked = st.form_submit_button("Save the recipe", type="primary")
    with said:
        if has_changed:  # Streamlit has drawn those fields anew: what was entered in them is gone, and not saved
            st.warning("Somebody changed this recipe meanwhile; their changes stand in the form. Look, and save again.")
        elif asked:
            _save(name, recipe, entered | nights | {"defect_kinds": kinds_of(kinds), "ignore": ignore}, why)


def _has_changed(chosen: str, recipe: Recipe) -> bool:
    """Whether another recipe of this product was saved since it was drawn here."""
    drawn: tuple[str, Recipe] | None = st.session_state.get(DRAWN)
    st.session_state[DRAWN] = (chosen, recipe)
    return drawn is not None and drawn[0] == chosen and drawn[1] != recipe


def _numbers(recipe: Recipe) -> dict[str, Any]:
    entered: dict[str, Any] = {}
    columns = st.columns(2, gap="small")
    for place, entry in enumerate(SHARES):
        with columns[place % 2]:
            number = st.number_input(entry.words, 0.0, value=shown(recipe, entry), help=entry.hint, format="%g")
            entered[entry.name] = number / entry.scale
    for place, entry in enumerate(SIDES):
        with columns[place % 2]:
            entered[entry.name] = int(
                st.number_input(entry.words, 0, value=int(shown(recipe, entry)), step=32, help=entry.hint)
            )
    return entered


def _texts(recipe: Recipe) -> dict[str, Any]:
    entered: dict[str, Any] = {}
    columns = st.columns(3, gap="small")
    for place, entry in enumerate(RULE):
        with columns[place % 3]:
            value = getattr(recipe, entry.name)
            entered[entry.name] = st.text_input(entry.words, "" if value is None else f"{value:g}", help=entry.hint)
    for place, entry in enumerate(TEXTS):
        with columns[place % 3]:
            entered[entry.name] = st.text_input(entry.words, getattr(recipe, entry.name), help=entry.hint)
    return entered


def _mask(recipe: Recipe) -> dict[str, Any]:
    modes = list(MASKS)
    chosen = st.selectbox(
        "where the part is",
        modes,
        modes.index(recipe.object_mask),
        format_func=MASKS.__getitem__,
        help="synthetic defects are drawn there, and nowhere else",
    )
    return {"object_mask": chosen}


def _nights(recipe: Recipe) -> dict[str, Any]:
    """Folded away: their defaults work without being touched."""
    with st.expander("nights: when to train, and how a candidate becomes the model"):
        columns = st.columns(2, gap="small")
        entered: dict[str, Any] = {}
        for place, entry in enumerate(NIGHTS):
            with columns[place % 2]:
                entered[entry.name] = st.number_input(
                    entry.words, 0.0, value=shown(recipe, entry), help=entry.hint, format="%g"
                )
        for entry in SWITCHES:
            entered[entry.name] = st.toggle(entry.words, bool(getattr(recipe, entry.name)), help=entry.hint)
    return entered


def _save(name: str, before: Recipe, entered: dict[str, Any], why: str) -> None:
    try:
        rule = {entry.name: optional_number(entered[entry.name], entry.words) for entry in RULE}
        nights = {entry.name: of_its_kind(before, entry, entered[entry.name]) for entry in NIGHTS}
        product = Product(name, recipe_of(before, entered | rule | nights))
    except ValueError as error:
        st.error(plain(str(error)))
        return
    with say_no():
        save_product(wiring.line().ledger, person(), product, datetime.now(UTC), why)
        st.session_state[DRAWN] = (name, product.recipe)  # their own change is no surprise
        st.toast("Saved: the workers take it within two seconds; what concerns training waits for the next one.")
        st.rerun()


def _regions(name: str, recipe: Recipe) -> Regions:
    """Drawn on a part's picture; saved with the recipe."""
    uri = newest_picture(wiring.line().ledger.engine, name) if name else ""
    frame, reason = wiring.picture_or_reason(uri)
    absent = "No picture of this product was kept yet; regions can be drawn all the same." if not uri else reason
    token = f"{name}/{recipe.ignore}"
    st.markdown("**Regions that do not count**")
    drawn = regions_view(
        data={"token": token, "frame": frame, "absent": absent, "regions": recipe.to_json()["ignore"]},
        key="regions",
        default={"regions": None},
        on_regions_change=lambda: None,
    )
    found = drawn_regions(drawn.get("regions"), token, recipe.ignore)
    if found != recipe.ignore:
        st.caption("Not saved yet: they count once the recipe is saved.")
    return found


def drawn_regions(state: Any, token: str, otherwise: Regions) -> Regions:
    """What was drawn on this product's picture; nonsense, and what was drawn on another's, is left out."""
    try:
        return regions_of(state["regions"]) if state["token"] == token else otherwise
    except (TypeError, KeyError, ValueError):
        return otherwise


def _good_pictures(name: str) -> None:
    st.markdown("**Good pictures and the first model**")
    if not PRODUCT_NAME.fullmatch(name):
        st.caption("Give the product a name first: pictures are kept under it.")
        return
    whole_folder = st.toggle("a whole folder", key="whole_folder")
    uploaded = st.file_uploader(
        "good pictures",
        KINDS,
        "directory" if whole_folder else True,
        label_visibility="collapsed",
        key=f"good_pictures/{name}",  # of its own for each product: one's pictures are not another's
    )
    known: dict[str, str] = st.session_state.setdefault(f"kept_pictures/{name}", {})
    good = GoodPictures((), ())
    with say_no():
        files = ((each.name, each.getvalue()) for each in uploaded or [])
        good = keep_good_pictures(wiring.line().artifacts, person(), name, files, known)
    for words in good.left_out:
        st.caption(plain(words))
    st.caption(f"{len(good.uris)} pictures are ready. Sixty or more of good parts give limits that hold.")
    _train(name, good.uris)
    _progress(name)
    preview(name, good.uris)


def _train(name: str, uris: Sequence[str]) -> None:
    with (
        st.form(f"train/{name}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        why = st.text_input("why", placeholder="why this model", label_visibility="collapsed", width="stretch")
        asked = st.form_submit_button("Train a model from them")
    if not asked:
        return
    if not uris:
        st.info("Choose good pictures first.")
        return
    with say_no():
        request = ask_training(wiring.line().ledger, person(), name, datetime.now(UTC), why, uris)
        st.toast(f"Asked as request {request.id}; the retrain station begins within seconds.")


@st.fragment(run_every=PROGRESS_EVERY_S)
def _progress(name: str) -> None:
    """How far it is, and what the station said."""
    try:
        ledger, settings = wiring.line().ledger, wiring.line().settings
        for training in running(tuple(ledger.trainings()), datetime.now(UTC), settings.training_forgotten_after_h):
            if training.product == name:
                told = f"Training: {100 * training.share:.0f} % \u00b7 {plain(training.stage)}"
                st.progress(min(max(training.share, 0.0), 1.0), text=told)
        asked = [each for each in ledger.requests(name, REQUESTS) if each.kind is not RequestKind.PREVIEW_DEFECTS]
        for request in asked[:1]:
            st.caption(plain(f"{request.kind.value}: {request.state.value}. {request.answer}"))
    except LineError as error:
        show_error(error)
