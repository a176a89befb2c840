"""Shift start: master parts go over the line one by one, and the page holds the verdicts against what is known."""

from datetime import UTC, datetime

import streamlit as st

from core.errors import LineError
from core.shift import MasterPart, ShiftCheck, still_to_run
from core.shift_service import add_master, begin_check, record_step, retire_master
from dashboard import who, wiring
from dashboard.read_models import places
from dashboard.shift.page_data import known_words, master_rows, seen_of, state_words, step_words
from dashboard.shift.read_models import next_part
from dashboard.views.alarms import answer_alarms
from dashboard.views.trouble import page_style, plain, say_no, show_away, show_error, show_next_step

EVERY_S = 1.0


def page() -> None:
    """Which product and camera; then the check; then the master parts themselves."""
    page_style()
    try:
        known = places(wiring.line().ledger.engine)
        if not known.products:
            show_next_step("No camera has reported yet", "A check needs a running line. To see one:", "make demo")
            return
        with st.container(horizontal=True, gap="small"):
            product = st.selectbox("product", known.products, key="shift_product", width=220)
            camera = st.selectbox("camera", known.cameras(product), key="shift_camera", width=220)
        masters = wiring.line().ledger.masters(product)
        check = wiring.line().ledger.last_check(product, camera)
        alarms = wiring.line().ledger.open_alarms()
    except LineError as error:
        show_away(error)
        return
    answer_alarms(alarms)
    _check(product, camera, masters, check)
    _own_masters(product, masters)


def _check(product: str, camera: str, masters: list[MasterPart], check: ShiftCheck | None) -> None:
    now, zone = datetime.now(UTC), st.context.timezone or "UTC"
    if not masters:
        st.subheader("This product has no master parts yet")
        st.markdown("Add one that is known to be bad, so that the start of a shift shows whether the line rejects it.")
        return
    st.markdown(f"**{plain(state_words(masters, check, now, zone))}**")
    st.dataframe(master_rows(masters, check, now, zone), hide_index=True, width="stretch")
    _result(check)
    st.button("Begin a new check", on_click=_begin, args=(product, camera), key="shift_begin")
    left = still_to_run(check, masters) if check else []
    if check and left:
        _guide(check, left[0])


def _result(check: ShiftCheck | None) -> None:
    """What came of the last try of this check; that of another camera is not told here."""
    of_check, passed, words = st.session_state.get("shift_result", (None, False, ""))
    if check is not None and of_check == check.id:
        (st.success if passed else st.error)(plain(words))


def _begin(product: str, camera: str) -> None:
    with say_no():
        begin_check(wiring.line().ledger, who.person(), product, camera, datetime.now(UTC))
    st.session_state.pop("shift_result", None)
    st.session_state.pop("shift_since", None)


def _guide(check: ShiftCheck, master: MasterPart) -> None:
    """One step: lay it there, say so, wait for the verdict."""
    st.subheader(plain(f"Now: {master.name} ({known_words(master)})"))
    since = st.session_state.get("shift_since")
    if since is None or since[0] != (check.id, master.id):
        st.markdown(plain(f"Lay it before {check.camera} so that it is the next part the camera takes."))
        st.button("It goes next", type="primary", on_click=_wait_for, args=(check, master), key="shift_next")
        return
    _waiting(check, master, since[1])


def _wait_for(check: ShiftCheck, master: MasterPart) -> None:
    st.session_state["shift_since"] = ((check.id, master.id), datetime.now(UTC))
    st.session_state.pop("shift_result", None)


@st.fragment(run_every=EVERY_S)
def _waiting(check: ShiftCheck, master: MasterPart, since: datetime) -> None:
    waited = (datetime.now(UTC) - since).total_seconds()
    named = f" with part id {master.part_id}" if master.part_id else ""
    st.markdown(plain(f"Waiting for the next part at {check.camera}{named}: {waited:.0f} s."))
    if st.button("Not now", key="shift_stop"):
        st.session_state.pop("shift_since", None)
        st.rerun()
    try:
        part = next_part(wiring.line().ledger.engine, check.product, check.camera, since, master.part_id)
        if part is None:
            return
        st.session_state.pop("shift_since", None)
        step = record_step(wiring.line().ledger, who.person(), check, master, seen_of(part), datetime.now(UTC))
    except LineError as error:
        show_error(error)
        return
    st.session_state["shift_result"] = (check.id, step.passed, step_words(step))
    st.rerun()


def _own_masters(product: str, masters: list[MasterPart]) -> None:
    with st.expander("Master parts of this product", expanded=not masters):
        form = st.form("shift_add", clear_on_submit=True, border=False)
        with form, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            name = st.text_input("name, as it is written on the part", width=260)
            is_bad = st.selectbox("is known to be", ["bad", "good"], width=120) == "bad"
            part_id = st.text_input("part id, where the line reads one", width=220)
            added = st.form_submit_button("Add")
        if added:
            with say_no():
                _add(product, name, is_bad, part_id)
        for master in masters:
            _retiring(master)


def _add(product: str, name: str, is_bad: bool, part_id: str) -> None:
    try:
        master = MasterPart(0, product, name.strip(), is_bad, part_id.strip())
    except ValueError as error:
        st.error(plain(str(error)))
        return
    add_master(wiring.line().ledger, who.person(), master, datetime.now(UTC))
    st.rerun()


def _retiring(master: MasterPart) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(plain(f"{master.name}, {known_words(master)}"))
        with st.popover("retire"):
            why = st.text_input("why", key=f"shift_why_{master.id}")
            if st.button("Retire it", key=f"shift_retire_{master.id}"):
                with say_no():
                    retire_master(wiring.line().ledger, who.person(), master.id, datetime.now(UTC), why)
                    st.rerun()
