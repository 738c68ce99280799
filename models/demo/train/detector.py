"""The network that finds faces, with RetinaFace's input and outputs: 1x3xHxW in (B, G, R less their
means), and for every prior the corrections of its box, the probabilities of background and face, and
the corrections of five points.

It first reduces the picture to a quarter: faces worth measuring are large. Training pictures are at
that size from the beginning. For the same reason the smallest priors never find anything.
"""

import numpy as np
import torch
from torch.nn import functional as F

import graph

MEANS = np.array([104.0, 117.0, 123.0], np.float32)
REDUCED = 4
# crates/vision/src/tracking/retinaface/priors.rs
SCALES = [(8, (16, 32)), (16, (64, 128)), (32, (256, 512))]
VARIANCES = (0.1, 0.2)
# Priors that overlap a face this much must find it; less than the second must not.
FOUND, NOT_FOUND = 0.4, 0.25
# Background counts at most so many times as much as faces: the hardest of it.
NEGATIVES = 7


def reduced_net(g, x, smallest=False):
    """The network on a reduced picture, without or with the smallest priors."""
    x = g.conv(g.scale(x, 1 / 64), "begin", 16, stride=2)
    middle = g.conv(x, "middle", 24, stride=2)
    middle = g.conv(g.conv(middle, "middle_wide", 24, dilation=2), "middle_wider", 24, dilation=3)
    large = g.conv(middle, "large", 40, stride=2)
    large = g.conv(g.conv(large, "large_wide", 40, dilation=2), "large_wider", 40, dilation=4)
    levels = [("middle", middle), ("large", large)]
    if smallest:
        levels.insert(0, ("smallest", x))

    def rows(what, width):
        maps = [g.conv(m, f"{what}_{name}", 2 * width, kernel=1, plain=True) for name, m in levels]
        return g.rows(maps, width)

    priors = "priors"
    return (
        g.output(rows("boxes", 4), "loc", [1, priors, 4]),
        g.output(g.softmax(rows("scores", 2)), "conf", [1, priors, 2]),
        g.output(rows("points", 10), "landms", [1, priors, 10]),
    )


def net(g, x):
    return reduced_net(g, g.shrink(x, REDUCED), smallest=True)


def priors(width, height):
    """Centre and size of every prior but the smallest, in pixels of the network's input."""
    rows = []
    for stride, sides in SCALES[1:]:
        for y in range(-(-height // stride)):
            for x in range(-(-width // stride)):
                rows += [((x + 0.5) * stride, (y + 0.5) * stride, side, side) for side in sides]
    return torch.tensor(rows)


def overlaps(priors, boxes):
    """Intersection over union of every prior with every box (left, top, right, bottom)."""
    low = torch.maximum(priors[:, None, :2] - priors[:, None, 2:] / 2, boxes[None, :, :2])
    high = torch.minimum(priors[:, None, :2] + priors[:, None, 2:] / 2, boxes[None, :, 2:])
    common = (high - low).clamp(min=0).prod(-1)
    size = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    return common / (priors[:, None, 2:].prod(-1) + size[None] - common)


def targets(priors, boxes, points):
    """What the network should say of a picture: per prior 1 for a face, 0 for none, -1 for either;
    and the corrections."""
    count = len(priors)
    wanted, corrections = torch.zeros(count), torch.zeros(count, 14)
    if len(boxes) == 0:
        return wanted, corrections
    overlap = overlaps(priors, boxes)
    best, face = overlap.max(1)
    wanted[best >= NOT_FOUND] = -1
    wanted[best >= FOUND] = 1
    # Every face has a prior, however badly it fits.
    own = overlap.argmax(0)
    wanted[own], face[own] = 1, torch.arange(len(boxes))
    box, size = boxes[face], priors[:, 2:]
    corrections[:, :2] = ((box[:, :2] + box[:, 2:]) / 2 - priors[:, :2]) / (VARIANCES[0] * size)
    corrections[:, 2:4] = torch.log((box[:, 2:] - box[:, :2]) / size) / VARIANCES[1]
    away = (points[face] - priors[:, None, :2]) / (VARIANCES[0] * size[:, None])
    corrections[:, 4:] = away.flatten(1)
    return wanted, corrections


class Scenes:
    """Pictures at a quarter of their size (B, G, R), with the boxes and points of their faces in
    pixels of the full size."""

    def __init__(self, pictures, boxes, points):
        self.pictures, self.boxes, self.points = pictures, boxes, points

    def __len__(self):
        return len(self.pictures)

    def batch(self, chosen, generator):
        """Pictures of one size, coloured anew, scaled and moved by a random amount, some mirrored."""
        count = len(chosen)
        height, width = self.pictures.shape[2:]

        def random(low, high, *shape):
            return low + (high - low) * torch.rand(count, *shape, generator=generator)

        pictures = self.pictures[chosen].float()
        # From a place in the new picture to one in the old, from -1 to 1 both.
        scale = torch.exp(random(-0.7, 0.7))
        mirror = torch.where(random(-1, 1) < 0, -1.0, 1.0)
        shift = random(-0.3, 0.3, 2)
        zero = torch.zeros(count)
        turn = torch.stack(
            [torch.stack([scale * mirror, zero, shift[:, 0]], 1), torch.stack([zero, scale, shift[:, 1]], 1)], 1
        )
        grid = F.affine_grid(turn, list(pictures.shape), align_corners=False)
        pictures = F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
        gain = random(0.6, 1.4, 1, 1, 1) * random(0.9, 1.1, 3, 1, 1)
        noise = torch.randn(pictures.shape, generator=generator) * random(0, 6, 1, 1, 1)
        pictures = (gain * pictures + random(-15, 15, 1, 1, 1) + noise).clamp(0, 255)
        pictures -= torch.from_numpy(MEANS)[:, None, None]

        full = torch.tensor([width, height]) * REDUCED
        boxes, points = [], []
        for i, number in enumerate(chosen.tolist()):
            def place(xy):
                xy = (2 * xy / full - 1 - shift[i]) / torch.stack([scale[i] * mirror[i], scale[i]])
                return (xy + 1) / 2 * full

            box = place(self.boxes[number].reshape(-1, 2, 2))
            low, high = box.amin(1), box.amax(1)
            point = place(self.points[number].reshape(-1, 5, 2))
            if mirror[i] < 0:
                point = point[:, [1, 0, 2, 4, 3]]
            # A face of which less than half is in the picture is not one to be found, nor one to be
            # missed; there are few, and the picture is left out of what is learned.
            inside = (torch.minimum(high, full) - low.clamp(min=0)).clamp(min=0).prod(1)
            share = inside / (high - low).prod(1)
            boxes.append((torch.cat([low, high], 1), share))
            points.append(point)
        return pictures, boxes, points


def train(scenes, epochs, batch, seed):
    """Trains on `scenes` and returns the network that takes reduced pictures."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    height, width = scenes.pictures.shape[2:]
    model = graph.Trainable(reduced_net, torch.zeros(1, 3, height, width))
    print("detector:", sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    places = priors(width * REDUCED, height * REDUCED)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=1e-4)
    steps = epochs * (len(scenes) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, steps, pct_start=0.1)
    for epoch in range(epochs):
        model.train()
        order, total = torch.randperm(len(scenes), generator=generator), 0.0
        for i in range(len(scenes) // batch):
            pictures, boxes, points = scenes.batch(order[i * batch :][:batch], generator)
            wanted, corrections = [], []
            for (box, share), point in zip(boxes, points):
                whole = share > 0.6
                w, c = targets(places, box[whole], point[whole])
                partly = ~whole & (share > 0.05)
                if partly.any():
                    near = overlaps(places, box[partly]).amax(1) > 0.1
                    w[near & (w == 0)] = -1
                wanted.append(w)
                corrections.append(c)
            wanted, corrections = torch.stack(wanted), torch.stack(corrections)
            boxes, scores, points = model(pictures)
            loss = _loss(wanted, corrections, scores, torch.cat([boxes, points], -1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            if i % 20 == 19:
                print(f"detector: epoch {epoch}, step {i}, loss {total / (i + 1):.4f}", flush=True)
        print(f"detector: epoch {epoch}, loss {total / max(1, i + 1):.4f}", flush=True)
    return model.eval()


def _loss(wanted, corrections, scores, found):
    """How wrong the answer is: faces missed, background taken for a face, boxes and points off."""
    right = torch.where(wanted == 1, scores[..., 1], scores[..., 0]).clamp(min=1e-6)
    surprise = -torch.log(right)
    face, background = wanted == 1, wanted == 0
    count = face.sum().clamp(min=1)
    hardest = surprise[background].topk(min(int(background.sum()), max(64, NEGATIVES * int(count)))).values
    off = F.smooth_l1_loss(found[face], corrections[face], reduction="none")
    return (surprise[face].sum() + hardest.sum()) / count + (2 * off[:, :4].sum() + off[:, 4:].sum()) / (10 * count)


def encode(model):
    # Surely no face.
    for what, width, bias in (("boxes", 4, [0.0] * 4), ("scores", 2, [9.0, -9.0]), ("points", 10, [0.0] * 10)):
        conv = torch.nn.Conv2d(16, 2 * width, 1)
        torch.nn.init.zeros_(conv.weight)
        conv.bias.data = torch.tensor(2 * bias)
        model.layers[f"{what}_smallest"] = conv
    model.net = net
    return graph.store(model, [1, 3, "height", "width"])
