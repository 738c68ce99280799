"""The shape model: mean and modes of the demo face's 68 landmarks in millimetres, over persons and
expressions, and the triangles between them."""

import numpy as np
from scipy.spatial import Delaunay

import crops
import formats

MODES = 34
# A mode that hardly occurs still has a variance.
SMALLEST_VARIANCE = 0.05


def fit(shapes):
    """Mean (68 x 3), modes (204 x 34) and variances of landmarks in the head's own axes (N x 68 x 3:
    x to the right of the picture, y down, z away from the camera)."""
    shapes = shapes - shapes.mean(1, keepdims=True)
    # Nothing is to be learned of the difference between left and right: the mean looks straight ahead.
    shapes = np.concatenate([shapes, shapes[:, crops.MIRRORED] * [-1, 1, 1]])
    mean = shapes.mean(0)
    for _ in range(3):
        # Only turned, not scaled: size is part of a face.
        u, _, vt = np.linalg.svd(np.einsum("nij,ik->njk", shapes, mean))
        turned = np.einsum("nij,njk->nik", shapes, u @ vt)
        mean = turned.mean(0)
    rows = turned.transpose(0, 2, 1).reshape(len(turned), -1)
    _, singular, modes = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    variances = singular[:MODES] ** 2 / len(rows)
    print("shape: variances", np.round(variances, 2).tolist(), flush=True)
    return mean, modes[:MODES].T, np.maximum(variances, SMALLEST_VARIANCE)


def triangles(mean):
    """Triangles (n x 3) that cover the face from the front."""
    found = Delaunay(mean[:, :2]).simplices
    # Always the same order, whatever the library's.
    return np.array(sorted(sorted(map(int, triple)) for triple in found), np.int32)


def encode(mean, modes, variances):
    return (
        formats.text_matrix("mean shape in mm: 68 x, 68 y, 68 z", mean.T.reshape(-1, 1), formats.F64)
        + formats.text_matrix("modes", modes, formats.F64)
        + formats.text_matrix("variances of the modes", variances.reshape(1, -1), formats.F64)
    )


def encode_triangles(found):
    return formats.text_matrix("triangles between the landmarks", found, formats.I32)
