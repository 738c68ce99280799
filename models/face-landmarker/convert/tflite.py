"""Reads TensorFlow Lite files: as much of the format as Face Landmarker's networks use.

The files are FlatBuffers; where fields are is told by the numbers that TensorFlow Lite's schema gives
them. What operators mean is not known here.
"""

import struct

import numpy as np

# Kinds of operators: their numbers in the schema.
OPERATORS = {
    0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D", 6: "DEQUANTIZE", 14: "LOGISTIC",
    17: "MAX_POOL_2D", 18: "MUL", 19: "RELU", 22: "RESHAPE", 34: "PAD", 39: "TRANSPOSE", 40: "MEAN",
    41: "SUB", 42: "DIV", 45: "STRIDED_SLICE", 54: "PRELU", 59: "NEG", 74: "SUM", 75: "SQRT", 76: "RSQRT",
    99: "SQUARED_DIFFERENCE",
}
TYPES = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("<i4")}


class Table:
    """A FlatBuffers table at a place of the file."""

    def __init__(self, data, place):
        self.data, self.place = data, place

    @classmethod
    def root(cls, data):
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def _field(self, number):
        table = self.place - struct.unpack_from("<i", self.data, self.place)[0]
        size = struct.unpack_from("<H", self.data, table)[0]
        at = 4 + 2 * number
        offset = struct.unpack_from("<H", self.data, table + at)[0] if at < size else 0
        return self.place + offset if offset else None

    def scalar(self, number, form, default=0):
        """A number (`form` as in `struct`)."""
        place = self._field(number)
        return default if place is None else struct.unpack_from("<" + form, self.data, place)[0]

    def table(self, number):
        """The table that a field points to."""
        place = self._field(number)
        return None if place is None else Table(self.data, self._target(place))

    def vector(self, number, dtype):
        """An array of numbers."""
        place = self._field(number)
        if place is None:
            return np.zeros(0, dtype)
        start = self._target(place)
        count = struct.unpack_from("<I", self.data, start)[0]
        return np.frombuffer(self.data, dtype, count, start + 4)

    def tables(self, number):
        """A list of tables."""
        place = self._field(number)
        if place is None:
            return []
        start = self._target(place)
        count = struct.unpack_from("<I", self.data, start)[0]
        return [Table(self.data, self._target(start + 4 + 4 * i)) for i in range(count)]

    def _target(self, place):
        return place + struct.unpack_from("<I", self.data, place)[0]


class Operator:
    """Its kind, the numbers of the tensors that go in and come out, and its options (a table)."""

    def __init__(self, table, kinds):
        self.kind = kinds[table.scalar(0, "I")]
        self.inputs = table.vector(1, "<i4").tolist()
        self.outputs = table.vector(2, "<i4").tolist()
        self.options = table.table(4)

    def option(self, number, form="b", default=0):
        return default if self.options is None else self.options.scalar(number, form, default)


class Network:
    """Shapes and constants of all tensors, and the operators in the order in which they run."""

    def __init__(self, data):
        model = Table.root(data)
        kinds = []
        for code in model.tables(1):
            number = max(code.scalar(0, "b"), code.scalar(3, "i"))
            if number not in OPERATORS:
                raise ValueError(f"unknown operator {number}")
            kinds.append(OPERATORS[number])
        buffers = model.tables(4)
        (graph,) = model.tables(2)
        self.shapes, self.constants = [], []
        for tensor in graph.tables(0):
            shape = tensor.vector(0, "<i4").tolist()
            bytes_ = buffers[tensor.scalar(2, "I")].vector(0, "u1").tobytes()
            self.shapes.append(shape)
            values = np.frombuffer(bytes_, TYPES[tensor.scalar(1, "b")]) if bytes_ else None
            self.constants.append(values if values is None or not shape else values.reshape(shape))
        self.inputs = graph.vector(1, "<i4").tolist()
        self.outputs = graph.vector(2, "<i4").tolist()
        self.operators = [Operator(table, kinds) for table in graph.tables(3)]
