"""ModelRegistry on Postgres. Promotions and thresholds are only ever appended, and the audit keeps who and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, true
from sqlalchemy.dialects.postgresql import distinct_on, insert

from core.adapters.database import translated
from core.adapters.ledger_audit import Values, note
from core.adapters.schema import model_version, product, promotion, threshold
from core.errors import UnknownModel
from core.product import ActiveModel, BundleRef, ModelVersion, Product, Recipe
from core.verdict import Threshold

AnyRow = Row[*tuple[Any, ...]]

_VERSION = (
    model_version.c.id,
    model_version.c.product,
    model_version.c.bundle_uri,
    model_version.c.bundle_sha256,
    model_version.c.created_at,
)
_newest_promotion = (
    select(promotion.c.product, promotion.c.model_version_id)
    .ext(distinct_on(promotion.c.product))
    .order_by(promotion.c.product, promotion.c.id.desc())
    .subquery()
)
_newest_threshold = (
    select(threshold.c.id, threshold.c.review_from, threshold.c.reject_from)
    .where(threshold.c.model_version_id == model_version.c.id)
    .order_by(threshold.c.id.desc())
    .limit(1)
    .lateral()
)
_ACTIVE = (
    select(*_VERSION, _newest_threshold.c.id, _newest_threshold.c.review_from, _newest_threshold.c.reject_from)
    .add_columns(product.c.recipe)
    .join(_newest_promotion, _newest_promotion.c.model_version_id == model_version.c.id)
    .join(product, product.c.name == _newest_promotion.c.product)
    .join(_newest_threshold, true())
)


@dataclass(frozen=True)
class PostgresModels:
    """ModelRegistry."""

    engine: Engine

    def save_product(self, product: Product, at: datetime, who: str, why: str) -> None:
        """Add or replace; the audit keeps the old recipe and the new one."""
        new = product.recipe.to_json()
        with translated(), self.engine.begin() as connection:
            old = _save_recipe(connection, product, at)
            note(connection, at, who, why, f"product {product.name}", old, new)

    def products(self) -> list[Product]:
        """By name."""
        query = select(product.c.name, product.c.recipe).order_by(product.c.name)
        with translated(), self.engine.connect() as connection:
            return [Product(name, Recipe.from_json(recipe)) for name, recipe in connection.execute(query)]

    def register(self, product: str, bundle: BundleRef, threshold: Threshold, at: datetime, who: str) -> ModelVersion:
        """A new version, or the one that has this sha256 already."""
        with translated(), self.engine.begin() as connection:
            _add_product(connection, product, at)
            row = connection.execute(_new_version(product, bundle, at, who)).first()
            if row is None:
                return _version(connection.execute(_known_version(product, bundle)).one())
            version = _version(row)
            _append_threshold(connection, version.id, threshold, at, who, "fitted at training")
            note(connection, at, who, "registered", f"model {product}", None, _told(version))
            return version

    def promote(self, model_version_id: int, at: datetime, who: str, why: str) -> None:
        """One more row of `promotion`."""
        with translated(), self.engine.begin() as connection:
            version = _find(connection, model_version_id)
            old = connection.scalar(_promoted(version.product))
            row = {"product": version.product, "model_version_id": version.id, "at": at, "who": who, "why": why}
            connection.execute(insert(promotion).values(row))
            what = f"promotion {version.product}"
            note(connection, at, who, why, what, {"model_version_id": old}, {"model_version_id": version.id})

    def set_threshold(self, model_version_id: int, threshold: Threshold, at: datetime, who: str, why: str) -> int:
        """One more row of `threshold`."""
        with translated(), self.engine.begin() as connection:
            version = _find(connection, model_version_id)
            old = connection.execute(_thresholds(version.id)).mappings().first()
            number = _append_threshold(connection, version.id, threshold, at, who, why)
            new = {"review_from": threshold.review_from, "reject_from": threshold.reject_from}
            note(connection, at, who, why, f"threshold of model {version.id}", dict(old) if old else None, new)
            return number

    def active(self) -> Mapping[str, ActiveModel]:
        """One query, for every worker asks once a second."""
        with translated(), self.engine.connect() as connection:
            return {row[1]: _active(row) for row in connection.execute(_ACTIVE)}


def _save_recipe(connection: Connection, saved: Product, at: datetime) -> Values | None:
    """Write the recipe and return the one it replaces."""
    old = connection.scalar(select(product.c.recipe).where(product.c.name == saved.name).with_for_update())
    recipe = saved.recipe.to_json()
    statement = insert(product).values(name=saved.name, recipe=recipe, created_at=at, changed_at=at)
    connection.execute(
        statement.on_conflict_do_update(
            constraint=product.primary_key, set_={"recipe": statement.excluded.recipe, "changed_at": at}
        )
    )
    return old


def _add_product(connection: Connection, name: str, at: datetime) -> None:
    """With the default recipe, unless it is there."""
    recipe = Product(name, Recipe()).recipe.to_json()
    statement = insert(product).values(name=name, recipe=recipe, created_at=at, changed_at=at)
    connection.execute(statement.on_conflict_do_nothing())


def _new_version(name: str, bundle: BundleRef, at: datetime, who: str) -> Any:
    row = {"product": name, "bundle_uri": bundle.uri, "bundle_sha256": bundle.sha256, "created_at": at, "who": who}
    return insert(model_version).values(row).on_conflict_do_nothing().returning(*_VERSION)


def _known_version(name: str, bundle: BundleRef) -> Any:
    of_product, of_bundle = model_version.c.product == name, model_version.c.bundle_sha256 == bundle.sha256
    return select(*_VERSION).where(of_product, of_bundle)


def _promoted(name: str) -> Any:
    return select(_newest_promotion.c.model_version_id).where(_newest_promotion.c.product == name)


def _thresholds(version_id: int) -> Any:
    bounds = select(threshold.c.review_from, threshold.c.reject_from)
    return bounds.where(threshold.c.model_version_id == version_id).order_by(threshold.c.id.desc())


def _find(connection: Connection, version_id: int) -> ModelVersion:
    row = connection.execute(select(*_VERSION).where(model_version.c.id == version_id)).first()
    if row is None:
        raise UnknownModel(str(version_id))
    return _version(row)


def _append_threshold(
    connection: Connection, version_id: int, bounds: Threshold, at: datetime, who: str, why: str
) -> int:
    row = {"model_version_id": version_id, "review_from": bounds.review_from, "reject_from": bounds.reject_from}
    statement = insert(threshold).values(row | {"at": at, "who": who, "why": why}).returning(threshold.c.id)
    return int(connection.execute(statement).scalar_one())


def _told(version: ModelVersion) -> Values:
    return {"model_version_id": version.id, "bundle_uri": version.bundle.uri, "bundle_sha256": version.bundle.sha256}


def _version(row: AnyRow) -> ModelVersion:
    number, name, uri, sha256, created_at = row[:5]
    return ModelVersion(number, name, BundleRef(uri, sha256), created_at)


def _active(row: AnyRow) -> ActiveModel:
    threshold_id, review_from, reject_from, recipe = row[5:]
    return ActiveModel(_version(row), threshold_id, Threshold(review_from, reject_from), Recipe.from_json(recipe))
