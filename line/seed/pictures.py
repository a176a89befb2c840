"""Pictures of parts that never were, with the map and the features a detector could have made of them."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray

from core.inspection import StoredMap

SIDE = 512
FEATURE_SIDE = 6


def rendered_part(seed: int, defect: bool) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A machined disc with a hole circle, and the map a detector could have made of it."""
    rng = np.random.default_rng(seed)
    ground = np.full((SIDE, SIDE, 3), 42, np.uint8)
    angle = rng.uniform(0, 60)
    cv2.circle(ground, (256, 256), 205, (168, 172, 170), -1, cv2.LINE_AA)
    cv2.circle(ground, (256, 256), 178, (140, 145, 144), 3, cv2.LINE_AA)
    cv2.circle(ground, (256, 256), 62, (42, 42, 42), -1, cv2.LINE_AA)
    for turn in range(6):
        place = np.deg2rad(angle + 60 * turn)
        centre = (int(256 + 120 * np.cos(place)), int(256 + 120 * np.sin(place)))
        cv2.circle(ground, centre, 20, (60, 60, 60), -1, cv2.LINE_AA)
    scores = 0.7 + 0.25 * cv2.resize(rng.random((16, 16), np.float32), (128, 128), interpolation=cv2.INTER_CUBIC)
    if defect:
        scores = scores + _scratch(ground, rng)
    noisy = np.clip(ground + rng.normal(0, 5, ground.shape), 0, 255).astype(np.uint8)
    return noisy, scores.astype(np.float32)


def _scratch(ground: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    turn, radius = rng.uniform(0, 2 * np.pi), rng.uniform(90, 160)
    start = np.array([256 + radius * np.cos(turn), 256 + radius * np.sin(turn)])
    end = start + rng.uniform(-70, 70, 2)
    points = [tuple(int(value) for value in point) for point in (start, end)]
    cv2.line(ground, points[0], points[1], (235, 238, 240), 4, cv2.LINE_AA)
    cv2.line(ground, points[0], points[1], (70, 74, 80), 1, cv2.LINE_AA)
    mask = np.zeros((SIDE, SIDE), np.float32)
    cv2.line(mask, points[0], points[1], 1.0, 22, cv2.LINE_AA)
    return cv2.GaussianBlur(cv2.resize(mask, (128, 128)), (0, 0), 3).astype(np.float32) * 3.4


def encoded(pixels: NDArray[np.uint8], kind: str = ".png") -> bytes:
    """The picture as a camera would send it."""
    return cv2.imencode(kind, pixels)[1].tobytes()


def stored(scores: NDArray[np.float32]) -> StoredMap:
    """The map as a worker would store it."""
    low, high = float(scores.min()), float(scores.max())
    return StoredMap(encoded(np.rint((scores - low) / (high - low) * 255).astype(np.uint8)), low, high)


def maps_npz(pixels: NDArray[np.uint8], scores: NDArray[np.float32]) -> bytes:
    """What a worker keeps beside the frame: both maps, and the picture's pooled features."""
    target = io.BytesIO()
    np.savez(target, allow_pickle=False, classified=scores, density=scores * 0.9, features=features(pixels))
    return target.getvalue()


def features(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A few numbers that are alike for pictures that look alike."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (FEATURE_SIDE, FEATURE_SIDE), interpolation=cv2.INTER_AREA).reshape(-1).astype(np.float32)
