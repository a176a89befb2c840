"""What a product's night would learn from, said in one sentence."""

from dataclasses import dataclass
from datetime import datetime

from core.inspection import KeptGood
from core.ports import LearningSource
from core.product import ActiveModel


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is there to learn from since the active model was made."""

    product: str
    model_version_id: int
    since: datetime
    good: KeptGood

    def sentence(self) -> str:
        """For the log and, later, for the Models page."""
        return (
            f"{self.product}: {self.good.kept} kept of {self.good.judged_ok} good parts "
            f"since model {self.model_version_id} of {self.since:%Y-%m-%d %H:%M} UTC"
        )


def outlook(active: ActiveModel, source: LearningSource) -> Outlook:
    """What tonight could use, counted from the moment the active model was registered."""
    model = active.model
    return Outlook(model.product, model.id, model.created_at, source.kept_good(model.product, model.created_at))
