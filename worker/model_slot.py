"""The detectors that judge right now. Swapped between batches, never inside one; loaded beside the running ones."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Thread
from typing import Protocol

import structlog

from core.errors import ArtifactMissing, ArtifactsUnavailable, BundleRefused, LedgerUnavailable
from core.inspection import Judge
from core.ports import Detector
from core.product import ActiveModel, ModelVersion
from worker.scoring import DETECTOR_ERRORS

POLL_S = 1.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
"""Between two tries to fetch a bundle that is not there, or whose store does not answer; each pause twice the last."""
REFUSALS = (BundleRefused, ArtifactMissing, OSError, *DETECTOR_ERRORS)

Load = Callable[[ModelVersion], Detector]
"""Fetches, checks, loads and warms up; takes seconds, so it runs beside the line."""

log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """One product's detector with the version, threshold and recipe it judges by."""

    active: ActiveModel
    detector: Detector

    @property
    def judge(self) -> Judge:
        """As every row names it."""
        active = self.active
        return Judge(active.model.id, active.threshold_id, active.threshold, self.detector.engine)


@dataclass(frozen=True, slots=True)
class Again:
    """When a version that could not be fetched is to be tried again."""

    version_id: int
    at: float
    pause_s: float


class ActiveModels(Protocol):
    """The one thing asked of the model registry."""

    def active(self) -> Mapping[str, ActiveModel]:
        """Per product that has one, the model promoted last with its newest threshold."""
        ...


Start = Callable[[Callable[[], Detector]], "Future[Detector]"]
"""How loading runs beside the line."""


IsBetterReady = Callable[[ModelVersion, Detector], bool]
"""Whether loading this version again may give a faster engine than this detector's."""


def never_better(_: ModelVersion, __: Detector) -> bool:
    """Where nothing is compiled beside the line."""
    return False


def once_per_version(is_better_ready: IsBetterReady) -> IsBetterReady:
    """For one that loads models: the engine may still be refused by the gate, and then the one that serves stays."""
    told: set[int] = set()

    def is_news(model: ModelVersion, detector: Detector) -> bool:
        if not is_better_ready(model, detector):
            told.discard(model.id)
            return False
        is_new = model.id not in told
        told.add(model.id)
        return is_new

    return is_news


class ModelSlot:
    """Holds what serves. `refresh` between batches is the only thing that changes it."""

    def __init__(
        self,
        registry: ActiveModels,
        load: Load,
        monotonic: Callable[[], float],
        start: Start,
        is_better_ready: IsBetterReady = never_better,
    ) -> None:
        self._registry = registry
        self._load = load
        self._monotonic = monotonic
        self._start = start
        self._is_better_ready = once_per_version(is_better_ready)
        self._looked_at = float("-inf")
        self._active: Mapping[str, ActiveModel] = {}
        self._serving: dict[str, Serving] = {}
        self._loading: dict[str, tuple[int, Future[Detector]]] = {}
        self._refused: dict[str, tuple[int, str]] = {}
        self._again: dict[str, Again] = {}

    def first_look(self) -> None:
        """Read what is active before any frame is judged: "not read yet" must never look like "no model".

        Raises:
            LedgerUnavailable: Postgres does not answer.
        """
        self._active = self._registry.active()
        self._looked_at = self._monotonic()

    def refresh(self) -> None:
        """Look for promotions at most once a second, take over what has been loaded, begin to load what is new."""
        if self._monotonic() - self._looked_at >= POLL_S:
            self._look()
        for product, (version_id, loading) in list(self._loading.items()):
            if loading.done():
                del self._loading[product]
                self._take_over(product, version_id, loading)
        for product, active in self._active.items():
            self._follow(product, active)

    def serving(self) -> Mapping[str, Serving]:
        """Who judges the next batch, per product; a copy, so that a batch never sees a swap."""
        return dict(self._serving)

    def bundles(self) -> frozenset[str]:
        """The sha256 of every bundle that judges, or is about to."""
        return frozenset(active.model.bundle.sha256 for active in self._active.values())

    def missing(self) -> frozenset[str]:
        """Products whose first model is loading, or waits for its store, as last seen: any thread may ask."""
        waiting = frozenset(self._again) - frozenset(self._refused)
        return (frozenset(self._loading) | waiting) - frozenset(self._serving)

    def absence(self, product: str) -> str:
        """Why nobody judges this product."""
        if product in self._refused:
            version_id, reason = self._refused[product]
            return f"model {version_id} of {product} was refused: {reason}"
        if product in self._active:
            return f"model {self._active[product].model.id} of {product} could not be loaded yet"
        return f"{product} has no active model: promote one"

    def awaited(self) -> frozenset[str]:
        """Products whose first model is on its way: their frames had better wait for it."""
        self.refresh()
        return self.missing()

    def _look(self) -> None:
        self._looked_at = self._monotonic()
        try:
            self._active = self._registry.active()
        except LedgerUnavailable as error:
            log.warning("models_not_read", error=str(error))

    def _follow(self, product: str, active: ActiveModel) -> None:
        """Take a new threshold or recipe at once; begin to load a new version unless it is refused or under way."""
        serving = self._serving.get(product)
        version_id = active.model.id
        if serving is not None and serving.active.model.id == version_id:
            if serving.active != active:
                self._serving[product] = replace(serving, active=active)
                log.info("threshold_taken", product=product, threshold_id=active.threshold_id)
            if product not in self._loading and self._is_better_ready(active.model, serving.detector):
                self._begin(product, active)
            return
        if product not in self._loading and self._may_try(product, version_id):
            self._begin(product, active)

    def _may_try(self, product: str, version_id: int) -> bool:
        """What was tampered with stays refused; what was not there is looked for again after a pause."""
        again = self._again.get(product)
        if again is not None and again.version_id == version_id:
            return self._monotonic() >= again.at
        return self._refused.get(product, (None, ""))[0] != version_id

    def _put_off(self, product: str, version_id: int) -> float:
        """Seconds until the next try."""
        last = self._again.get(product)
        known = last is not None and last.version_id == version_id
        pause_s = min(2 * last.pause_s, LONGEST_PAUSE_S) if last and known else FIRST_PAUSE_S
        self._again[product] = Again(version_id, self._monotonic() + pause_s, pause_s)
        return pause_s

    def _begin(self, product: str, active: ActiveModel) -> None:
        """What serves goes on serving meanwhile."""
        self._loading[product] = (active.model.id, self._start(lambda: self._load(active.model)))

    def _take_over(self, product: str, version_id: int, loading: "Future[Detector]") -> None:
        active = self._active.get(product)
        if active is None or active.model.id != version_id:
            return  # promoted away while it was loading
        try:
            self._serving[product] = Serving(active, loading.result())
        except ArtifactsUnavailable as error:
            self._refused.pop(product, None)
            pause_s = self._put_off(product, version_id)
            log.warning(
                "model_not_fetched", product=product, model_version=version_id, error=str(error), next_try_s=pause_s
            )
        except REFUSALS as error:
            self._refused[product] = (version_id, str(error))
            next_try_s = self._put_off(product, version_id) if isinstance(error, ArtifactMissing) else None
            if next_try_s is None:
                self._again.pop(product, None)
            log.error(
                "model_refused", product=product, model_version=version_id, error=str(error), next_try_s=next_try_s
            )
        else:
            self._refused.pop(product, None)
            self._again.pop(product, None)
            log.info(
                "model_taken", product=product, model_version=version_id, engine=self._serving[product].judge.engine
            )


def in_background(load: Callable[[], Detector]) -> "Future[Detector]":
    """Load in a thread of its own, which never keeps the process from ending."""
    loading: Future[Detector] = Future()
    Thread(target=_run, args=(load, loading), name="model-loading", daemon=True).start()
    return loading


def _run(load: Callable[[], Detector], loading: "Future[Detector]") -> None:
    try:
        loading.set_result(load())
    except (ArtifactsUnavailable, *REFUSALS) as error:
        loading.set_exception(error)
    finally:
        if not loading.done():  # a defect nobody foresaw: its traceback is printed, and the old model stays
            loading.set_exception(BundleRefused("loading ended without an answer"))
