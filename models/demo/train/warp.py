"""The validator's view of a face: cut out along a mesh of triangles and drawn where a face from the
front has them, as crates/vision/src/tracking/validator/warp.rs does it.
"""

import numpy as np

SIDE = 60


class Mesh:
    """A face from the front, as large as the picture, and which triangle each pixel is in."""

    def __init__(self, shape, triangles):
        """`shape`: 68 x 2, y down; `triangles`: n x 3."""
        low, high = shape.min(0), shape.max(0)
        scale = (SIDE - 2) / (high - low).max()
        # Centred; whole numbers are the middles of pixels.
        self.reference = (shape - (low + high) / 2) * scale + (SIDE - 1) / 2
        self.triangles = triangles
        self.left = self.top = 0.0
        corner = self.reference[triangles]
        along, across = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        inverse = np.linalg.inv(np.stack([along, across], -1))
        # The shares of both edges are these rows times (1, x, y).
        start = -(inverse @ corner[:, 0, :, None])
        shares = np.concatenate([start, inverse], -1)
        self.alpha, self.beta = shares[:, 0], shares[:, 1]
        ys, xs = np.mgrid[:SIDE, :SIDE]
        at = np.stack([np.ones(SIDE * SIDE), xs.ravel(), ys.ravel()])
        a, b = self.alpha @ at, self.beta @ at
        inside = np.minimum(np.minimum(a, b), 1 - a - b)
        best = inside.argmax(0)
        best[inside.max(0) < -1e-9] = -1
        self.triangle_of = best.reshape(SIDE, SIDE).astype(np.int32)
        # Column by column.
        self.xs, self.ys = (v[self.triangle_of.T >= 0] for v in (xs.T, ys.T))
        self.triangle = self.triangle_of.T[self.triangle_of.T >= 0]

    @property
    def pixels(self):
        return len(self.xs)

    def cut(self, grey, landmarks):
        """The face in a picture (H x W, grey) as one vector of mean 0 and variance 1."""
        i, j, k = self.triangles[self.triangle].T
        at = np.stack([np.ones(self.pixels), self.xs, self.ys])
        a = (self.alpha[self.triangle].T * at).sum(0)[:, None]
        b = (self.beta[self.triangle].T * at).sum(0)[:, None]
        place = landmarks[i] + a * (landmarks[j] - landmarks[i]) + b * (landmarks[k] - landmarks[i])
        # Beyond the border everything is black; one more row and column make the taps safe.
        height, width = grey.shape
        padded = np.zeros((height + 3, width + 3), np.float32)
        padded[1 : height + 1, 1 : width + 1] = grey
        x = np.clip(place[:, 0] + 1, 0, width + 1)
        y = np.clip(place[:, 1] + 1, 0, height + 1)
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        right, below = x - column, y - row
        values = (1 - below) * ((1 - right) * padded[row, column] + right * padded[row, column + 1]) + below * (
            (1 - right) * padded[row + 1, column] + right * padded[row + 1, column + 1]
        )
        spread = values.std()
        return (values - values.mean()) / (spread if spread > 0 else 1.0)

    def picture(self, values):
        """Vectors (N x pixels) as pictures (N x 60 x 60), 0 beside the face."""
        pictures = np.zeros((len(values), SIDE, SIDE), np.float32)
        pictures[:, self.ys, self.xs] = values
        return pictures
