"""Writes the canonical face as a table: 468 points in cm, and their weights."""

import struct

import numpy as np

POINTS = 468
# x, y, z, and two coordinates in a texture.
VALUES = 5


def write(data):
    """The text of the table, out of the protocol buffer that the bundle holds."""
    vertices = np.zeros(0, np.float32)
    weights = {}
    for number, value in fields(data):
        if number == 1:
            mesh = [item for field, item in fields(value) if field == 3]
            vertices = np.array([struct.unpack("<f", item)[0] for item in mesh], np.float32)
        elif number == 2:
            basis = dict(fields(value))
            weights[basis.get(1, 0)] = np.float32(struct.unpack("<f", basis[2])[0])
    points = vertices.reshape(POINTS, VALUES)[:, :3]
    lines = ["landmark,x_cm,y_cm,z_cm,weight"]
    for number, point in enumerate(points):
        # As short as tells the number from its neighbours.
        values = [str(value) for value in (*point, weights.get(number, np.float32(0)))]
        lines.append(",".join([str(number), *values]))
    return "\n".join(lines) + "\n"


def fields(data):
    """Numbers and values of a message's fields: whole numbers, or bytes."""
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = varint(data, place)
        elif kind == 5:
            value, place = data[place : place + 4], place + 4
        elif kind == 2:
            length, place = varint(data, place)
            value, place = data[place : place + length], place + length
        else:
            raise ValueError(f"unknown kind of field: {kind}")
        yield number, value


def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
