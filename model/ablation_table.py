"""What an ablation found: one row per map, as the paper's Tables 1, 2 and 5 print them."""

import json
from dataclasses import dataclass

from model.config import ScoreRule
from model.evaluation import ImageFigures, MapFigures, percentages

CLASSIFIED, PRETRAINED, REGRESSED, TUNED, UNSHARED, COMBINED = MAPS = (
    *("A_p", "A_nf^PRE", "A_nf^REG", "A_nf", "A^ns", "A"),
)
"""The classifier alone; flows on the encoder as it came, fine-tuned by regression, fine-tuned by classification; the
classifier with the flows of the untouched encoder; the method."""
FIGURES = ("image_auroc", "pixel_auroc", "pixel_aupr", "aupro")

Row = ImageFigures | MapFigures
HEADER = f"{'map':<10}{'image AUROC':>13}{'pixel AUROC':>13}{'pixel AUPR':>13}{'AUPRO':>13}"


@dataclass(frozen=True, slots=True)
class Ablation:
    """Rows of the maps that were asked for, in the order of `MAPS`, and w of A and (where it was asked for) A^ns."""

    dataset: str
    images: int
    defects: int
    score_rule: ScoreRule
    weights: dict[str, float]
    rows: tuple[Row, ...]

    def table(self) -> str:
        """For people, in per cent; a dash for what is not known."""
        known = {row.score_map: percentages(row) for row in self.rows}
        return "\n".join([self._title(), HEADER, *(table_line(name, known.get(name, {})) for name in MAPS)])

    def json_line(self) -> str:
        """For programs, in per cent, on one line."""
        return json.dumps(self.values())

    def values(self) -> dict[str, object]:
        """What the line holds."""
        figures = {row.score_map: percentages(row) for row in self.rows}
        return {
            "dataset": self.dataset,
            "images": self.images,
            "defects": self.defects,
            "w": self.weights,
            "maps": figures,
        }

    def _title(self) -> str:
        weights = ", ".join(f"w of {name} {weight:g}" for name, weight in self.weights.items())
        rule = f"smoothing {self.score_rule.smoothing:.4g}, top share {self.score_rule.top_share:.4g}"
        return (
            f"{self.dataset}: {self.images} images, {self.defects} with defects; {weights}; "
            f"image scores of all maps by one rule: {rule}"
        )


def table_line(name: str, known: dict[str, float]) -> str:
    """One map's figures."""
    cells = (f"{known[figure]:13.2f}" if figure in known else f"{'-':>13}" for figure in FIGURES)
    return f"{name:<10}" + "".join(cells)
