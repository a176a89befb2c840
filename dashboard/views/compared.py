"""Two versions of a product side by side: their letters and figures, and the parts on which they disagreed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from core.errors import LedgerUnavailable, LineError
from core.inspection import StoredMap
from dashboard import wiring
from dashboard.apart import read_models as apart_models
from dashboard.apart.read_models import Apart, Place, SideBySide, apart, side_by_side
from dashboard.apart.tiles import apart_data, sentence, words_of
from dashboard.components.registered import gallery
from dashboard.components.registered import part as part_view
from dashboard.gallery_parts import part_data
from dashboard.nights.read_models import Night, figures_of
from dashboard.read_models import PartKey
from dashboard.versions.letter import LetterFacts, compared
from dashboard.versions.read_models import VersionRow
from dashboard.views.trouble import plain, show_away
from dashboard.words import moment_words

PAGE = 24


def compare(product: str, rows: Sequence[VersionRow], nights: Sequence[Night]) -> None:
    """Two versions of these; at first those that were last side by side on the line."""
    runs = side_by_side(wiring.line().ledger.engine, product)
    one, other = _two(product, [row.version.id for row in rows], runs)
    both = [run for run in runs if run.versions == {one, other}]
    if both:
        _apart(_chosen(both))
    elif one != other:
        _never(runs)
    _facts(one, other, rows, nights)


def _two(product: str, ids: list[int], runs: Sequence[SideBySide]) -> tuple[int, int]:
    known = [run for run in runs if run.versions <= set(ids)]
    first = (known[0].judging, known[0].beside) if known else (ids[min(1, len(ids) - 1)], ids[0])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Compare**")
        chosen = [
            st.selectbox(
                words, ids, index=ids.index(number), label_visibility="collapsed", width=110, key=f"{words}/{product}"
            )
            for words, number in zip(("one version", "the other version"), first, strict=True)
        ]
    return chosen[0], chosen[1]


def _facts(one: int, other: int, rows: Sequence[VersionRow], nights: Sequence[Night]) -> None:
    letters: dict[int, LetterFacts] = {
        row.version.id: wiring.letter_of(row.version.bundle.uri) for row in rows if row.version.id in (one, other)
    }
    for number, letter in letters.items():
        if letter.problem:
            st.caption(plain(f"Version {number}: {letter.problem}."))
    facts = [{**figures_of(nights, number), **letters[number].facts} for number in (one, other)]
    told = [
        {"": name, f"version {one}": left, f"version {other} ": right, "differs": "\u2260" if differs else ""}
        for name, left, right, differs in compared(facts[0], facts[1])
    ]
    if told:
        st.table(told, hide_index=True, border="horizontal")


def _chosen(both: Sequence[SideBySide]) -> SideBySide:
    """The newest of the times that they were side by side, or the one that somebody chose."""
    if len(both) == 1:
        return both[0]
    zone, now = st.context.timezone or "UTC", datetime.now(UTC)
    words = {run.shadow_id: f"{moment_words(run.began_at, now, zone)}: {sentence(run)}" for run in both}
    number = st.selectbox("when", list(words), format_func=words.__getitem__, label_visibility="collapsed")
    return next(run for run in both if run.shadow_id == number)


def _never(runs: Sequence[SideBySide]) -> None:
    known = ", ".join(f"v{run.judging} with v{run.beside}" for run in runs[:5])
    others = f" These were: {known}." if known else ""
    st.caption(
        plain(
            "These two never scored the same parts. A candidate of the night does so beside the model that judges, "
            f"for as many parts as the recipe's shadow_parts says.{others}"
        )
    )


@st.fragment
def _apart(run: SideBySide) -> None:
    """The parts of one time side by side, the widest apart first."""
    try:
        _browse(run)
    except LineError as error:
        show_away(error)


def _browse(run: SideBySide) -> None:
    pages: list[Place] = st.session_state.setdefault(f"apart/{run.shadow_id}", [])
    found = apart(wiring.line().ledger.engine, run, pages[-1] if pages else None, PAGE)
    st.caption(plain(f"{sentence(run)}{'; it goes on' if run.is_open else ''}."))
    if not found and not pages:
        st.caption("They said the same of every part: OK, or not OK.")
        return
    left, right = st.columns([1.4, 1], gap="medium")
    with left:
        _turning(pages, found)
        zone = st.context.timezone or "UTC"
        chosen = gallery(
            data=apart_data(run, found, _maps([each.key for each in found]), wiring.thumbnails().of, zone),
            key=f"apart_gallery/{run.shadow_id}",
            default={"selected": None},
            on_selected_change=lambda: None,
        )
    with right:
        selected = next((each for each in found if str(each.key) == chosen.get("selected")), None)
        _large(run, selected or (found[0] if found else None))


def _turning(pages: list[Place], found: Sequence[Apart]) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button("Worse", disabled=not pages, key="apart_worse"):
            pages.pop()
            st.rerun(scope="fragment")
        if st.button("Milder", disabled=len(found) < PAGE, key="apart_milder"):
            pages.append(found[-1].place)
            st.rerun(scope="fragment")


def _large(run: SideBySide, chosen: Apart | None) -> None:
    """The chosen part with what both say; the story is of the version that judged it."""
    if chosen is None:
        return
    both = f"{words_of(run.judging, chosen.judging)}, {words_of(run.beside, chosen.beside)}"
    part = apart_models.parts_of(wiring.line().ledger.engine, [chosen.key]).get(chosen.key)
    if part is None:
        st.markdown(plain(f"{both}. Its row is no longer kept."))
        return
    link = part.key.in_link
    st.markdown(f"**{plain(both)}**  \n[full story](part?part={link}) \u00b7 [judge this part](review?part={link})")
    stored, now, zone = _maps([part.key]).get(part.key), datetime.now(UTC), st.context.timezone or "UTC"
    part_view(
        data=part_data(part, wiring.picture_or_reason(part.frame_uri or chosen.frame_uri), stored, now, zone),
        key="apart_part",
    )


def _maps(keys: Sequence[PartKey]) -> Mapping[PartKey, StoredMap]:
    try:
        return wiring.small_maps(tuple(keys))
    except LedgerUnavailable:
        return {}
