"""The formats of the model files that are not ONNX: what faceau reads, written.

Text matrices (shape model, triangles), the linear AU models and the landmark validator. Everything
is little-endian and without padding. What is in the matrices is decided elsewhere.
"""

import struct

import numpy as np

# Element types of stored matrices.
U8, I32, F32, F64 = 0, 4, 5, 6
_DTYPES = {U8: "<u1", I32: "<i4", F32: "<f4", F64: "<f8"}

DESCRIPTOR = 4464 + 238
"""FHOG values and geometry values of one frame."""


def matrix(values, element):
    """A binary matrix: rows, columns, element type, values row after row."""
    values = np.atleast_2d(np.asarray(values))
    header = struct.pack("<3i", *values.shape, element)
    return header + np.ascontiguousarray(values, _DTYPES[element]).tobytes()


def text_matrix(comment, values, element):
    """A matrix as text, under a comment."""
    values = np.atleast_2d(values)
    # Seven digits are what single precision holds, and what the program keeps.
    word = "%d" if element == I32 else "%.7g"
    lines = [f"# {comment}", str(values.shape[0]), str(values.shape[1]), str(element)]
    lines += [" ".join(word % value for value in row) for row in values]
    return "\n".join(lines) + "\n"


def _linear(kind, cutoff, weights, bias):
    assert weights.shape == (DESCRIPTOR,)
    parts = [struct.pack("<i", kind)]
    if cutoff is not None:
        parts.append(struct.pack("<d", cutoff))
    # The mean is nothing that these models need: it is in the bias. Zeros of one byte each, and
    # weights in single precision, make a file a third as large as it could be.
    parts += [
        matrix(np.zeros((1, DESCRIPTOR)), U8),
        matrix(weights.reshape(DESCRIPTOR, 1), F32),
        struct.pack("<d", bias),
    ]
    return b"".join(parts)


def intensity(weights, bias, cutoff):
    """A dynamic intensity model: w . (x - median) + b, shifted so that a video's value at the
    quantile `cutoff` becomes 0."""
    return _linear(1, cutoff, weights, bias)


def presence(weights, bias):
    """A dynamic presence model: present where w . (x - median) + b is above 0."""
    return _linear(5, None, weights, bias) + struct.pack("<2d", 1.0, 0.0)


def validator(mean, deviation, layers, mesh):
    """A landmark validator of one view, seen from the front.

    `layers` are ("conv", weights out x in x h x w, bias), ("pool",), ("dense", weights out x in,
    bias, shape of the maps that go in) and ("relu",); `mesh` is what `warp.Mesh` has.
    """
    parts = [struct.pack("<2i", 3, 1), matrix(np.zeros((3, 1)), F64)]
    parts += [matrix(mean.reshape(1, -1), F64), matrix(deviation.reshape(1, -1), F64)]
    parts.append(struct.pack("<i", len(layers)))
    for name, *values in layers:
        parts.append(_LAYERS[name](*values))
    parts.append(struct.pack("<i2d", mesh.pixels, mesh.left, mesh.top))
    parts.append(matrix(mesh.reference.T.reshape(-1, 1), F64))
    parts.append(matrix(mesh.triangles, I32))
    parts.append(matrix(mesh.triangle_of, I32))
    parts.append(matrix(mesh.triangle_of >= 0, I32))
    parts += [matrix(mesh.alpha, F64), matrix(mesh.beta, F64)]
    return b"".join(parts)


def _conv(weights, bias):
    outputs, inputs = weights.shape[:2]
    parts = [struct.pack("<3i", 0, inputs, outputs), bias.astype("<f4").tobytes()]
    parts += [matrix(weights[o, i], F32) for i in range(inputs) for o in range(outputs)]
    return b"".join(parts)


def _dense(weights, bias, maps):
    # Every map is flattened column by column.
    weights = weights.reshape(-1, *maps).transpose(0, 1, 3, 2).reshape(weights.shape)
    return struct.pack("<i", 2) + matrix(bias.reshape(-1, 1), F32) + matrix(weights.T, F32)


_LAYERS = {
    "conv": _conv,
    "pool": lambda: struct.pack("<i", 1),
    "dense": _dense,
    "relu": lambda: struct.pack("<i", 3),
}
