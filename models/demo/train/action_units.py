"""The linear AU models, fitted to the descriptors that the program itself computes.

A sample is a frame of a demo clip. The models are dynamic: the program subtracts the clip's median
from the descriptor, so that is what they learn from. Then it moves what a model says so that its value
at a quantile of the clip becomes 0, and cuts off what is below. So an absent AU may be told to be as
far below 0 as one likes, and the quantile is chosen with each model.
"""

import csv

import numpy as np
import scipy.linalg

import formats

INTENSITIES = [1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45]
PRESENCES = sorted([*INTENSITIES, 28])
# An AU counts as present from this intensity on.
PRESENT = 1.0
# How much smoothness, and which quantiles, are tried.
RIDGES = [300.0, 1000.0, 3000.0, 10000.0]
CUTOFFS = [0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85]
# Small movements can drown in what all the rest of the face does: for them it is also tried to look
# only at the features that move most with these AUs.
NEIGHBOURS = {7: (5, 6, 7, 45), 14: (12, 14, 15, 20), 23: (17, 20, 23, 28)}
FEATURES = 1600
# How often it is looked again which frames are told to be below 0.
ROUNDS = 8
# Of a clip worth learning from.
FEWEST_FRAMES = 20
_HOG_HEADER, _FHOG = 4, 4464


class Clip:
    """Descriptors of a clip's frames less their median, and the truth about them."""

    def __init__(self, table, hog, truth, basis):
        """The program's table and HOG file, the clip's truth, and the modes of the shape model."""
        rows = _read(table)
        words = np.fromfile(hog, "<f4").reshape(len(rows["frame"]), _HOG_HEADER + _FHOG)
        found = (rows["success"] == 1) & (words[:, 3] == 1)
        p = np.stack([rows[f"p_{i}"] for i in range(basis.shape[1])], 1)
        descriptors = np.concatenate([words[:, _HOG_HEADER:], p @ basis.T, p], 1)[found]
        true = _read(truth)
        intensities = np.stack([true[f"AU{au:02}_r"] for au in PRESENCES], 1)[found]
        self.x = (descriptors - np.median(descriptors, 0)).astype(np.float32)
        self.y = intensities


def _read(path):
    with open(path, newline="") as file:
        reader = csv.reader(file, skipinitialspace=True)
        names = next(reader)
        values = np.array([[float(cell) for cell in row] for row in reader])
    return {name: values[:, i] for i, name in enumerate(names)}


def fit(learned, held):
    """Fits all models and returns their files by name. Clips of other people are held out to choose
    each model's ridge and quantile and to tell how good it is; then all are learned from."""
    # A clip whose face was hardly ever found has no median worth subtracting.
    learned, held = ([clip for clip in clips if len(clip.y) >= FEWEST_FRAMES] for clips in (learned, held))
    print(f"action units: {len(learned)} clips to learn from, {len(held)} held out", flush=True)
    unit = _unit(learned)
    samples = _Samples(learned, unit)
    tried = {au: [] for au in PRESENCES}
    for near, aus in [(None, PRESENCES), *((near, [au]) for au, near in NEIGHBOURS.items())]:
        for ridge in RIDGES:
            for au, model in zip(aus, samples.intensities(aus, near, ridge)):
                tried[au].append((*_score(held, au, model), ridge, near))
    samples = _Samples(learned + held, unit)
    files = {}
    for au in PRESENCES:
        r, cutoff, ridge, near = max(tried[au], key=lambda result: result[0])
        print(f"AU{au:02}: held-out r {r:.3f}, quantile {cutoff}, ridge {ridge:g}, near {near}", flush=True)
        if au in INTENSITIES:
            files[f"AU{au:02}_r.dat"] = formats.intensity(*samples.intensities([au], near, ridge)[0], cutoff)
        files[f"AU{au:02}_c.dat"] = formats.presence(*samples.presence(au, near, ridge))
    return files


def _unit(clips):
    """What features are measured in. Those that hardly ever change must not be blown up."""
    spread = np.sqrt(np.mean([clip.x.var(0) for clip in clips], 0))
    return (spread + 0.2 * np.median(spread[:_FHOG])).astype(np.float32)


class _Samples:
    """The frames of some clips, and what regressions on them need again and again."""

    def __init__(self, clips, unit):
        self.unit = unit
        self.x = np.concatenate([clip.x for clip in clips]) / unit
        self.y = np.concatenate([clip.y for clip in clips]).astype(np.float32)
        self.mean = self.x.mean(0)
        self.x -= self.mean
        self.gram = self.x.T @ self.x
        self.factors = {}

    def features(self, near):
        """The features that move most with these AUs, as far as that cannot be chance (their t
        statistic); all without any."""
        if near is None:
            return slice(None)
        y = self.y - self.y.mean(0)
        spread = y.T @ y
        slopes = np.linalg.solve(spread, y.T @ self.x)
        left = np.diag(self.gram) - np.einsum("kf,kl,lf->f", slopes, spread, slopes)
        t = np.abs(slopes) / np.sqrt(np.maximum(left, 1e-6) * np.diag(np.linalg.inv(spread))[:, None])
        most = t[[PRESENCES.index(au) for au in near]].max(0)
        return np.sort(np.argsort(-most)[:FEATURES])

    def factor(self, near, ridge):
        """The features, and the factors of their matrix."""
        key = near, ridge
        if key not in self.factors:
            features = self.features(near)
            gram = self.gram[features][:, features]
            gram = gram + np.float32(ridge) * np.eye(len(gram), dtype=np.float32)
            self.factors[key] = features, scipy.linalg.cho_factor(gram, overwrite_a=True)
        return self.factors[key]

    def intensities(self, aus, near, ridge):
        """Weights and bias of the intensity models of some AUs."""
        true = self.y[:, [PRESENCES.index(au) for au in aus]]
        features, factor = self.factor(near, ridge)
        x = self.x[:, features]
        target = true
        for _ in range(ROUNDS):
            mean = target.mean(0)
            told = x @ scipy.linalg.cho_solve(factor, x.T @ (target - mean)) + mean
            # What is below 0 is cut off later, and nothing to correct.
            target = np.where((true < 0.02) & (told < 0), told, true)
        return [self.model(near, ridge, column) for column in target.T]

    def presence(self, au, near, ridge):
        """Weights and bias of a presence model: softly, on which side of the threshold the AU is."""
        return self.model(near, ridge, np.clip(self.y[:, PRESENCES.index(au)] - PRESENT, -1, 1))

    def model(self, near, ridge, target):
        """Weights, in the features' own units, and bias of the regression to `target`."""
        features, factor = self.factor(near, ridge)
        weights = np.zeros(self.x.shape[1])
        weights[features] = scipy.linalg.cho_solve(factor, self.x[:, features].T @ (target - target.mean()))
        return weights / self.unit, float(target.mean() - self.mean @ weights)


def nothing():
    """Models that measure nothing, for a first run that is to give descriptors."""
    weights = np.zeros(formats.DESCRIPTOR)
    files = {f"AU{au:02}_r.dat": formats.intensity(weights, 0.0, 0.5) for au in INTENSITIES}
    return files | {f"AU{au:02}_c.dat": formats.presence(weights, -1.0) for au in PRESENCES}


def list_of(files):
    """The list that names the models."""
    return "".join(f"{name} {name[:4]}\n" for name in sorted(files))


def _score(clips, au, model):
    """The best correlation with the truth that any of the quantiles gives, averaged over the clips in
    which the AU moves, and that quantile."""
    weights, bias = model
    tried = []
    for cutoff in CUTOFFS:
        found = []
        for clip in clips:
            true = clip.y[:, PRESENCES.index(au)]
            told = clip.x @ weights + bias
            told = np.clip(told - np.sort(told)[int(len(told) * cutoff)], 0, 5)
            # The program's own smoothing.
            told[1:-1] = (told[:-2] + told[1:-1] + told[2:]) / 3
            if (true >= PRESENT).mean() >= 0.04 and told.std() > 0:
                found.append(np.corrcoef(told, true)[0, 1])
        tried.append((float(np.mean(found)), cutoff))
    return max(tried)
