"""The station draws synthetic defects for whoever asks."""

from datetime import UTC, datetime

from core.access import Person
from core.adapters.in_memory import MemoryArtifacts
from core.adapters.in_memory_ledger import MemoryLedger
from core.asking import ask_preview
from core.preview import drawn_in, words_in
from core.product import ObjectMask, Product, Recipe
from core.request import RequestState
from model.images import decode
from retrain.preview import MOST_DRAWN, Previewing
from retrain.station import Station
from tests.retrain.nights import encoded, good_part

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
ADA = Person.at_this_machine("ada")


def answered(ledger: MemoryLedger, store: MemoryArtifacts, images: list[str]) -> tuple[RequestState, str]:
    preview = Previewing(ledger, store, decode, lambda: NOW).answer
    station = Station(ledger, lambda _: None, lambda work: work(), lambda: NOW, "one", preview=preview)
    asked = ask_preview(ledger, ADA, "disc", images, NOW)
    assert station.serve()
    return ledger.asked[asked.id].state, ledger.asked[asked.id].answer


def test_the_answer_names_pictures_and_labels_of_the_recipe_s_size() -> None:
    """In a folder that ages; what is gone or no picture is passed over, and there are never more than some."""
    ledger, store = MemoryLedger(), MemoryArtifacts()
    ledger.save_product(Product("disc", Recipe(input_height=64, input_width=96)), NOW, "ada", "test")
    good = [store.put(f"good/{seed}.png", encoded(good_part(seed))) for seed in range(MOST_DRAWN + 2)]
    images = ["memory:gone.png", store.put("good/notes.png", b"no picture"), *good]
    state, answer = answered(ledger, store, images)
    drawn = drawn_in(answer)
    assert state is RequestState.DONE
    assert len(drawn) == MOST_DRAWN - 2
    assert words_in(answer).startswith(f"{len(drawn)} defects drawn at 64x96")
    for each in drawn:
        picture, label = decode(store.get(each.picture_uri)).pixels, decode(store.get(each.label_uri)).pixels
        assert picture.shape[:2] == label.shape[:2] == (64, 96)
        assert label.max() > 127
        assert each.picture_uri.startswith("memory:previews/2026-11-25/")


def test_defects_are_drawn_where_the_recipe_says_the_part_is() -> None:
    """The answer says where that was."""
    ledger, store = MemoryLedger(), MemoryArtifacts()
    ledger.save_product(Product("disc", Recipe(object_mask=ObjectMask.DARK_PART)), NOW, "ada", "test")
    _, answer = answered(ledger, store, [store.put("good/1.png", encoded(good_part(1)))])
    assert words_in(answer).endswith("dark part on its ground")


def test_without_a_good_picture_nothing_is_drawn() -> None:
    """And the answer says what to do."""
    state, answer = answered(MemoryLedger(), MemoryArtifacts(), ["memory:gone.png"])
    assert state is RequestState.REFUSED
    assert "add some on the page Products" in answer
