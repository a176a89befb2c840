"""What the uploader holds is what a first model learns from, and nothing else."""

import pytest

from core.access import Person, Role
from core.adapters.in_memory import MemoryArtifacts
from core.errors import AccessDenied
from dashboard.products.good_pictures import keep_good_pictures
from line.seed.pictures import encoded, rendered_part

ADA = Person("ada", frozenset({Role.ENGINEER}))
ONE, TWO = (encoded(rendered_part(seed, False)[0]) for seed in (1, 2))


def test_a_picture_taken_out_of_the_uploader_is_not_learned_from() -> None:
    """It may lie in the store; it is not ready."""
    store, known = MemoryArtifacts(), dict[str, str]()
    both = keep_good_pictures(store, ADA, "nut", [("1.png", ONE), ("2.png", TWO)], known)
    one = keep_good_pictures(store, ADA, "nut", [("1.png", ONE)], known)
    assert (len(both.uris), one.uris) == (2, both.uris[:1])


def test_a_content_is_written_and_learned_from_once() -> None:
    """However often it is looked at, and under however many names."""
    store, known = MemoryArtifacts(), dict[str, str]()
    (uri,) = keep_good_pictures(store, ADA, "nut", [("1.png", ONE), ("again.png", ONE)], known).uris
    store.contents.clear()
    assert keep_good_pictures(store, ADA, "nut", [("1.png", ONE)], known).uris == (uri,)
    assert store.contents == {}


def test_what_is_no_picture_is_left_out_and_said() -> None:
    """The others are ready."""
    good = keep_good_pictures(MemoryArtifacts(), ADA, "nut", [("notes.png", b"no picture"), ("1.png", ONE)], {})
    assert len(good.uris) == 1
    assert good.left_out[0].startswith("notes.png was left out")


def test_only_who_may_train_puts_pictures_into_the_store() -> None:
    """Asked before anything is written."""
    store, omar = MemoryArtifacts(), Person("omar", frozenset({Role.OPERATOR, Role.QUALITY}))
    with pytest.raises(AccessDenied):
        keep_good_pictures(store, omar, "nut", [("1.png", ONE)], {})
    assert store.contents == {}


@pytest.mark.parametrize("name", ["", "Nut", "../nut", "a/b"])
def test_nothing_is_kept_under_what_is_no_product_s_name(name: str) -> None:
    """It would be a folder's name."""
    store = MemoryArtifacts()
    with pytest.raises(ValueError, match="product"):
        keep_good_pictures(store, ADA, name, [("1.png", ONE)], {})
    assert store.contents == {}
