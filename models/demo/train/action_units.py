"""The linear AU models, fitted to the descriptors that the program itself computes.

A sample is a frame of a demo clip. The models are dynamic: the program subtracts the clip's median
from the descriptor, so that is what they learn from, and what they learn is by how much an AU differs
from the clip's median.
"""

import csv

import numpy as np

import formats

INTENSITIES = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45]
PRESENCES = sorted([*INTENSITIES, 28])
# An AU counts as present from this intensity on.
PRESENT = 1.0
# How much smoothness is tried.
RIDGES = [1000.0, 3000.0, 10000.0]
_HOG_HEADER, _FHOG = 4, 4464


class Clip:
    """Descriptors of a clip's frames less their median, and the truth about them less its median."""

    def __init__(self, table, hog, truth, basis):
        """The program's table and HOG file, the clip's truth, and the modes of the shape model."""
        rows = _read(table)
        words = np.fromfile(hog, "<f4").reshape(len(rows["frame"]), _HOG_HEADER + _FHOG)
        found = (rows["success"] == 1) & (words[:, 3] == 1)
        p = np.stack([rows[f"p_{i}"] for i in range(basis.shape[1])], 1)
        descriptors = np.concatenate([words[:, _HOG_HEADER:], p @ basis.T, p], 1)[found]
        true = _read(truth)
        intensities = np.stack([true[f"AU{au:02}_r"] for au in PRESENCES], 1)[found]
        self.inactive = (intensities < 0.05).mean(0)
        self.x = (descriptors - np.median(descriptors, 0)).astype(np.float32)
        self.y = intensities
        self.difference = intensities - np.median(intensities, 0)


def _read(path):
    with open(path, newline="") as file:
        reader = csv.reader(file, skipinitialspace=True)
        names = next(reader)
        values = np.array([[float(cell) for cell in row] for row in reader])
    return {name: values[:, i] for i, name in enumerate(names)}


def fit(clips):
    """Fits all models and returns their files by name. A fifth of the clips is held out to choose
    each model's ridge and to tell how good it is; then all are learned from."""
    held = clips[-max(1, len(clips) // 5) :]
    unit = _unit(clips)
    learned, rest = _Sums.of(clips[: -len(held)], unit), _Sums.of(held, unit)
    scores = {}
    for ridge in RIDGES:
        weights, bias = learned.regress(ridge, unit)
        scores[ridge] = _score(held, weights, bias)
        print(f"action units: ridge {ridge:g}: mean r {np.mean(list(scores[ridge].values())):.4f}", flush=True)
    best = {au: max(RIDGES, key=lambda ridge: scores[ridge][au]) for au in PRESENCES}
    found = {f"AU{au:02}": (round(scores[best[au]][au], 3), best[au]) for au in PRESENCES}
    print("action units: held-out r, ridge", found, flush=True)
    everything = learned + rest
    fitted = {ridge: everything.regress(ridge, unit) for ridge in sorted(set(best.values()))}
    inactive = np.mean([clip.inactive for clip in clips], 0)
    files = {}
    for i, au in enumerate(PRESENCES):
        weights, bias = fitted[best[au]]
        if au in INTENSITIES:
            # The middle of the frames on which the AU is absent.
            files[f"AU{au:02}_r.dat"] = formats.intensity(weights[:, i], bias[i], round(inactive[i] / 2, 2))
        k = len(PRESENCES) + i
        files[f"AU{au:02}_c.dat"] = formats.presence(weights[:, k], bias[k])
    return files


def _unit(clips):
    """What features are measured in. Those that hardly ever change must not be blown up."""
    spread = np.sqrt(np.mean([clip.x.var(0) for clip in clips], 0))
    return spread + 0.2 * np.median(spread[:_FHOG])


class _Sums:
    """What a regression needs to know of its samples."""

    def __init__(self, count, x, y, xx, xy):
        self.parts = (count, x, y, xx, xy)

    @classmethod
    def of(cls, clips, unit):
        x = np.concatenate([clip.x for clip in clips]) / unit.astype(np.float32)
        y = np.concatenate([_targets(clip) for clip in clips]).astype(np.float32)
        return cls(len(x), x.sum(0, dtype=np.float64), y.sum(0, dtype=np.float64), x.T @ x, x.T @ y)

    def __add__(self, other):
        return _Sums(*(a + b for a, b in zip(self.parts, other.parts)))

    def regress(self, ridge, unit):
        """Weights (features x models) and biases of all models: intensities first, then, softly, which
        side of the threshold they are on."""
        count, x, y, xx, xy = self.parts
        x, y = x / count, y / count
        gram = xx - count * np.outer(x, x) + ridge * np.eye(len(x))
        weights = np.linalg.solve(gram.astype(np.float32), (xy - count * np.outer(x, y)).astype(np.float32))
        weights = weights.astype(np.float64) / unit[:, None]
        return weights, y - (x * unit) @ weights


def nothing():
    """Models that measure nothing, for a first run that is to give descriptors."""
    weights = np.zeros(formats.DESCRIPTOR)
    files = {f"AU{au:02}_r.dat": formats.intensity(weights, 0.0, 0.5) for au in INTENSITIES}
    return files | {f"AU{au:02}_c.dat": formats.presence(weights, -1.0) for au in PRESENCES}


def list_of(files):
    """The list that names the models."""
    return "".join(f"{name} {name[:4]}\n" for name in sorted(files))


def _targets(clip):
    return np.concatenate([clip.difference, np.clip(clip.y - PRESENT, -1, 1)], 1)


def _score(clips, weights, bias):
    """Correlation of each intensity with the truth on the clips where it moves, on average."""
    found = {}
    for i, au in enumerate(PRESENCES):
        scores = []
        for clip in clips:
            if clip.y[:, i].std() > 0.2:
                scores.append(np.corrcoef(clip.x @ weights[:, i] + bias[i], clip.y[:, i])[0, 1])
        found[au] = float(np.mean(scores)) if scores else float("nan")
    return found
