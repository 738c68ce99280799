"""Writes a TensorFlow Lite network as ONNX: same weights, bit for bit, and the same arithmetic.

TensorFlow Lite keeps channels last. Networks that look at pictures are computed with channels first, as
ONNX wants it, and turned back where order matters; others keep their axes, and their convolutions, all of
1 x 1, become products of matrices. Constants of 16 bits stay so and are cast when the file is opened.
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

OPSET, IR = 18, 9
FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)
ONE_TO_ONE = {
    "ADD": "Add", "MUL": "Mul", "SUB": "Sub", "DIV": "Div", "NEG": "Neg", "SQRT": "Sqrt", "RELU": "Relu",
    "LOGISTIC": "Sigmoid",
}
# Where an operator's options say which activation follows.
ACTIVATION = {"ADD": 0, "MUL": 0, "SUB": 0, "DIV": 0, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "MAX_POOL_2D": 5}


def write(network, name, outputs, is_picture, doc):
    """The bytes of the ONNX file. `outputs` are names, in the network's order."""
    writer = Writer(network, is_picture)
    for operator in network.operators:
        writer.add(operator)
    for tensor, output in zip(network.outputs, outputs, strict=True):
        writer.name_output(tensor, output)
    if any(node.op_type == "PRelu" for node in writer.nodes):
        raise ValueError("a PRelu is left, which ONNX Runtime computes three times as slowly")
    info = lambda tensor, name: helper.make_tensor_value_info(
        name, TensorProto.FLOAT, network.shapes[tensor]
    )
    graph = helper.make_graph(
        writer.nodes,
        name,
        [info(network.inputs[0], "input")],
        [info(tensor, output) for tensor, output in zip(network.outputs, outputs)],
        writer.constants,
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR, producer_name="faceau", doc_string=doc)
    checker.check_model(model, full_check=True)
    return model.SerializeToString()


class Writer:
    """Nodes and constants so far. A value is called v1, v2, …; a constant c0, c1, …"""

    def __init__(self, network, is_picture):
        self.network, self.is_picture = network, is_picture
        self.nodes, self.constants = [], []
        self.values = 0
        # The name of each tensor that is known, and whether its channels come first.
        (source,) = network.inputs
        self.names, self.first = {source: "input"}, set()
        # Constants of 16 bits that TensorFlow Lite makes 32-bit ones of: the latter by number.
        self.halves = {}
        self.cast = {}
        if is_picture:
            self.names[source] = self.node("Transpose", "input", perm=FIRST)
            self.first.add(source)

    def node(self, kind, *inputs, output=None, **attributes):
        if output is None:
            self.values += 1
            output = f"v{self.values}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def whole(self, numbers):
        return self.constant(np.array(numbers, np.int64).reshape(-1))

    def value(self, tensor, arrange=None):
        """The name of a tensor's value; a constant is arranged first."""
        if tensor in self.names:
            return self.names[tensor]
        if tensor not in self.cast:
            values = self.halves[tensor]
            name = self.constant(values if arrange is None else arrange(values))
            self.cast[tensor] = self.node("Cast", name, to=TensorProto.FLOAT)
        return self.cast[tensor]

    def known(self, tensor):
        """Whole numbers that are part of the network."""
        return np.asarray(self.network.constants[tensor]).reshape(-1).tolist()

    def channels_last(self, tensor):
        name = self.value(tensor)
        return self.node("Transpose", name, perm=LAST) if tensor in self.first else name

    def add(self, operator):
        (result,) = operator.outputs
        kind = operator.kind
        if kind == "DEQUANTIZE":
            self.halves[result] = self.network.constants[operator.inputs[0]]
            return
        if kind in ONE_TO_ONE:
            name = self.node(ONE_TO_ONE[kind], *map(self.value, operator.inputs))
        else:
            name = getattr(self, kind.lower())(operator)
        activation = operator.option(ACTIVATION[kind]) if kind in ACTIVATION else 0
        if activation not in (0, 1):
            raise ValueError(f"unknown activation {activation}")
        self.names[result] = self.node("Relu", name) if activation else name
        if any(tensor in self.first for tensor in operator.inputs) and kind != "RESHAPE":
            self.first.add(result)

    def name_output(self, tensor, name):
        if tensor in self.first:
            self.node("Transpose", self.names[tensor], output=name, perm=LAST)
        else:
            self.node("Identity", self.names[tensor], output=name)

    # --- One method for each kind of operator that is not one to one ------------------------------

    def conv_2d(self, operator):
        source, weights, bias = operator.inputs
        if self.is_picture:
            arranged = self.value(weights, lambda w: w.transpose(0, 3, 1, 2))
            return self.convolution(operator, arranged, group=1, dilations=(4, 5))
        if self.network.shapes[weights][1:3] != [1, 1]:
            raise ValueError("a convolution of more than 1 x 1")
        arranged = self.value(weights, lambda w: w.reshape(w.shape[0], -1).T)
        return self.node("Add", self.node("MatMul", self.value(source), arranged), self.value(bias))

    def depthwise_conv_2d(self, operator):
        channels = self.network.shapes[operator.inputs[1]][3]
        arranged = self.value(operator.inputs[1], lambda w: w.transpose(3, 0, 1, 2))
        return self.convolution(operator, arranged, group=channels, dilations=(5, 6))

    def convolution(self, operator, weights, group, dilations):
        source, original, bias = operator.inputs
        dilation = [operator.option(number, "i", 1) for number in reversed(dilations)]
        if dilation != [1, 1]:
            raise ValueError("a convolution with gaps")
        kernel = self.network.shapes[original][1:3]
        return self.node(
            "Conv", self.value(source), weights, self.value(bias), dilations=dilation, group=group,
            kernel_shape=kernel, **self.steps(operator, kernel),
        )

    def max_pool_2d(self, operator):
        kernel = [operator.option(4, "i"), operator.option(3, "i")]
        source = self.value(operator.inputs[0])
        return self.node("MaxPool", source, kernel_shape=kernel, **self.steps(operator, kernel))

    def steps(self, operator, kernel):
        """Strides, and what is put around a picture; the odd pixel at its end."""
        strides = [operator.option(2, "i"), operator.option(1, "i")]
        before, after = [0, 0], [0, 0]
        if operator.option(0) == 0:
            sides = self.network.shapes[operator.inputs[0]][1:3]
            for i, (side, stride, size) in enumerate(zip(sides, strides, kernel)):
                total = max((-(-side // stride) - 1) * stride + size - side, 0)
                before[i], after[i] = total // 2, total - total // 2
        return {"strides": strides, "pads": before + after}

    def prelu(self, operator):
        """relu(x) (1 - a) + a x, which is the same."""
        source = self.value(operator.inputs[0])
        slope = self.value(operator.inputs[1], lambda a: a.transpose(2, 0, 1))
        rest = self.node("Sub", self.constant(np.array([1], np.float32)), slope)
        above = self.node("Mul", self.node("Relu", source), rest)
        return self.node("Add", above, self.node("Mul", source, slope))

    def pad(self, operator):
        padding = np.array(self.network.constants[operator.inputs[1]]).reshape(-1, 2)
        if operator.inputs[0] in self.first:
            padding = padding[list(FIRST)]
        return self.node("Pad", self.value(operator.inputs[0]), self.whole(padding.T))

    def reshape(self, operator):
        name = self.channels_last(operator.inputs[0])
        return self.node("Reshape", name, self.whole(self.network.shapes[operator.outputs[0]]))

    def concatenation(self, operator):
        axis = operator.option(0, "i")
        if any(tensor in self.first for tensor in operator.inputs):
            raise ValueError("pictures are put together")
        return self.node("Concat", *map(self.value, operator.inputs), axis=axis)

    def transpose(self, operator):
        return self.node("Transpose", self.value(operator.inputs[0]), perm=self.known(operator.inputs[1]))

    def mean(self, operator):
        return self.reduce("ReduceMean", operator)

    def sum(self, operator):
        return self.reduce("ReduceSum", operator)

    def reduce(self, kind, operator):
        axes = self.whole(self.known(operator.inputs[1]))
        return self.node(kind, self.value(operator.inputs[0]), axes, keepdims=operator.option(0, "?"))

    def rsqrt(self, operator):
        return self.node("Reciprocal", self.node("Sqrt", self.value(operator.inputs[0])))

    def squared_difference(self, operator):
        difference = self.node("Sub", *map(self.value, operator.inputs))
        return self.node("Mul", difference, difference)

    def strided_slice(self, operator):
        source, *rest = operator.inputs
        begin, end, strides = map(self.known, rest)
        begin_mask, end_mask = operator.option(0, "i"), operator.option(1, "i")
        if operator.option(2, "i"):
            raise ValueError("a slice with an ellipsis")
        added, dropped = operator.option(3, "i"), operator.option(4, "i")
        shape = list(self.network.shapes[source])
        for i in range(len(begin)):
            if added >> i & 1:
                raise ValueError("a slice with a new axis")
            if begin_mask >> i & 1:
                begin[i] = 0
            if dropped >> i & 1:
                end[i] = begin[i] + 1
            elif end_mask >> i & 1:
                end[i] = shape[i]
        axes = list(range(len(begin)))
        parts = [self.whole(numbers) for numbers in (begin, end, axes, strides)]
        name = self.node("Slice", self.value(source), *parts)
        return self.node("Reshape", name, self.whole(self.network.shapes[operator.outputs[0]]))
