"""One description of a network, two readings: PyTorch trains it, ONNX stores it.

A network is a function of a reader and its input, `def net(g, x)`, that builds everything with the
reader's operations. `Trainable` makes a PyTorch module of it; `store` the bytes of an ONNX model with
batch normalisation folded into the convolutions. What networks look like is in their own files.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

# What the ONNX Runtime versions that faceau loads all take.
OPSET, IR = 13, 8
# Smaller weights count as zero: processors are slow with subnormal numbers.
SMALLEST = 1e-20


def _split(padding):
    return padding // 2, padding - padding // 2


class Trainable(nn.Module):
    """The network as a PyTorch module. Layers come to be when it is first run."""

    def __init__(self, net, example):
        super().__init__()
        self.net = net
        self.layers = nn.ModuleDict()
        self.eval()
        with torch.no_grad():
            self.net(self, example)

    def forward(self, x):
        return self.net(self, x)

    def conv(self, x, name, outputs, kernel=3, stride=1, dilation=1, groups=1, plain=False):
        """Convolution that keeps the size (or divides it by the stride, rounded up); normalised and
        rectified unless `plain`."""
        if name not in self.layers:
            conv = nn.Conv2d(
                x.shape[1], outputs, kernel, stride, dilation * (kernel // 2), dilation, groups, bias=plain
            )
            self.layers[name] = conv
            if not plain:
                self.layers[name + "_norm"] = nn.BatchNorm2d(outputs)
        x = self.layers[name](x)
        return x if plain else F.relu(self.layers[name + "_norm"](x))

    def shrink(self, x, factor):
        """Means of squares of `factor` x `factor`; beyond the border lies 0."""
        height, width = x.shape[2:]
        # As ONNX does with `SAME_UPPER`: evenly on both sides, more at the end.
        x = F.pad(x, (*_split(-width % factor), *_split(-height % factor)))
        return F.avg_pool2d(x, factor)

    def double(self, x):
        """Every element twice in both directions."""
        return F.interpolate(x, scale_factor=2, mode="nearest")

    def add(self, a, b):
        return a + b

    def scale(self, x, factor):
        return x * factor

    def peaks(self, x, positions):
        """Of every map the mean of `positions` (one pair per element), weighted by the softmax of
        the map: N x maps x 2."""
        weights = torch.softmax(x.flatten(2), -1)
        return weights @ torch.from_numpy(positions)

    def flat(self, x, width):
        return x.reshape(-1, width)

    def linear(self, x, name):
        """A linear map of rows onto rows of the same length, at first none."""
        if name not in self.layers:
            width = x.shape[1]
            self.layers[name] = nn.Linear(width, width)
            nn.init.eye_(self.layers[name].weight)
            nn.init.zeros_(self.layers[name].bias)
            self.layers[name].requires_grad_(False)
        return self.layers[name](x)

    def rows(self, maps, width):
        """Maps of 2 * `width` channels as rows of `width` values: by row, column, and half of the
        channels; all `maps` after each other."""
        rows = [m.permute(0, 2, 3, 1).reshape(m.shape[0], -1, width) for m in maps]
        return torch.cat(rows, 1)

    def softmax(self, x):
        return torch.softmax(x, -1)

    def output(self, x, name, sizes):
        return x


class _Store:
    """The same operations, writing ONNX nodes."""

    def __init__(self, trained):
        self.layers = trained.layers
        self.nodes, self.constants, self.outputs = [], [], []

    def _constant(self, values, dtype=np.float32):
        values = np.asarray(values, dtype)
        if dtype == np.float32:
            values = np.where(np.abs(values) < SMALLEST, np.float32(0), values)
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def _node(self, kind, inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(self, x, name, outputs, kernel=3, stride=1, dilation=1, groups=1, plain=False):
        layer = self.layers[name]
        weights = layer.weight.detach().double()
        if plain:
            bias = layer.bias.detach().double()
        else:
            norm = self.layers[name + "_norm"]
            factor = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            weights = weights * factor.reshape(-1, 1, 1, 1)
            bias = norm.bias.double() - norm.running_mean.double() * factor
        x = self._node(
            "Conv",
            [x, self._constant(weights.detach().numpy()), self._constant(bias.detach().numpy())],
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            dilations=[dilation] * 2,
            pads=[dilation * (kernel // 2)] * 4,
            group=groups,
        )
        return x if plain else self._node("Relu", [x])

    def shrink(self, x, factor):
        weights = self._constant(np.full((3, 1, factor, factor), 1 / factor**2))
        return self._node(
            "Conv", [x, weights], kernel_shape=[factor] * 2, strides=[factor] * 2, auto_pad="SAME_UPPER", group=3
        )

    def double(self, x):
        scales = self._constant([1, 1, 2, 2])
        return self._node(
            "Resize",
            [x, "", scales],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def add(self, a, b):
        return self._node("Add", [a, b])

    def scale(self, x, factor):
        return self._node("Mul", [x, self._constant(factor)])

    def _reshape(self, x, shape):
        return self._node("Reshape", [x, self._constant(shape, np.int64)])

    def peaks(self, x, positions):
        x = self._reshape(x, [0, 0, -1])
        return self._node("MatMul", [self._node("Softmax", [x], axis=-1), self._constant(positions)])

    def flat(self, x, width):
        return self._reshape(x, [-1, width])

    def linear(self, x, name):
        layer = self.layers[name]
        weights, bias = self._constant(layer.weight.detach().numpy()), self._constant(layer.bias.detach().numpy())
        return self._node("Gemm", [x, weights, bias], transB=1)

    def rows(self, maps, width):
        rows = [self._reshape(self._node("Transpose", [m], perm=[0, 2, 3, 1]), [1, -1, width]) for m in maps]
        return self._node("Concat", rows, axis=1)

    def softmax(self, x):
        return self._node("Softmax", [x], axis=-1)

    def output(self, x, name, sizes):
        self.nodes.append(helper.make_node("Identity", [x], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes))
        return name


def store(trained, sizes):
    """The trained network as the bytes of an ONNX model whose one input, `input`, has `sizes`; a name
    stands for a size that is open."""
    writer = _Store(trained.eval())
    trained.net(writer, "input")
    graph = helper.make_graph(
        writer.nodes,
        "faceau demo model",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, sizes)],
        writer.outputs,
        writer.constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="faceau train-demo"
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
