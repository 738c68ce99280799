"""The network that says how far 68 landmarks are off, from the face cut out along them. It answers
with one of ten classes; the program takes the first three for success.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import crops
import formats
import landmarks as landmarks_net

# Mean error of the landmarks in eye distances at which the next class begins.
EDGES = np.array([0.03, 0.06, 0.10, 0.15, 0.21, 0.28, 0.37, 0.5, 0.7])
NO_FACE = len(EDGES)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 5)
        self.second = nn.Conv2d(8, 16, 5)
        self.third = nn.Conv2d(16, 16, 3)
        self.gather = nn.Linear(16 * 5 * 5, 32)
        self.answer = nn.Linear(32, NO_FACE + 1)

    def forward(self, x):
        for layer in (self.first, self.second, self.third):
            x = F.max_pool2d(F.relu(layer(x)), 2)
        return self.answer(F.relu(self.gather(x.flatten(1))))


# So many faces are enough, and of every picture so many places without a face are tried.
FACES, NOWHERE = 2000, 1


def samples(mesh, stills, faces, model, random):
    """Faces cut out along landmarks that are right, wrong, or nowhere near a face (N x pixels), and
    the error of each in eye distances, infinite where there is no face.

    `faces` are (number of the picture, landmarks); `model` is the trained landmark network, whose
    answers are what the validator has to judge.
    """
    faces = faces[:: max(1, len(faces) // FACES)]
    crop, square, truth, number = [], [], [], []

    def look(i, centre, side, landmarks):
        # Whole pixels, as the tracker's squares.
        side = max(8, int(side))
        centre = np.round(np.asarray(centre) - side / 2) + side / 2
        crop.append(crops.cut(stills.pictures[i], centre, side, crops.SIDE))
        square.append((*(centre - side / 2), side))
        truth.append(landmarks)
        number.append(i)

    for i, landmarks in faces:
        left, top, right, bottom = crops.box_of(landmarks)
        size = crops.CROP * (bottom - top)
        # As when a face is followed, and as when it is nearly lost.
        for shift, scale in ((0.06, 0.08), (0.35, 0.35)):
            centre = np.array([left + right, top + bottom]) / 2 + shift * size * random.normal(size=2)
            look(i, centre, size * np.exp(scale * random.normal()), landmarks)
    for i, picture in enumerate(stills.pictures):
        height, width, _ = picture.shape
        boxes = crops.box_of(stills.landmarks[stills.picture_of == i])
        for _ in range(NOWHERE):
            side = np.exp(random.uniform(np.log(40), np.log(260)))
            centre = random.uniform(0, 1, 2) * [width, height]
            low, high = centre - side / 2, centre + side / 2
            gap = np.maximum(np.maximum(boxes[:, :2] - high, low - boxes[:, 2:]).max(1), 0)
            if len(boxes) == 0 or gap.min() > 0:
                look(i, centre, side, None)
    found = landmarks_net.locate(model, crop)
    square = np.array(square)
    found = square[:, None, :2] + found * square[:, None, 2:]

    values, errors, greys = [], [], {}

    def add(i, landmarks, truth):
        if i not in greys:
            grey = stills.pictures[i] @ np.array([0.299, 0.587, 0.114], np.float32)
            greys[i] = np.round(grey).astype(np.uint8)
        grey = greys[i]
        values.append(mesh.cut(grey, landmarks).astype(np.float32))
        if truth is None:
            errors.append(np.inf)
        else:
            errors.append(np.linalg.norm(landmarks - truth, axis=1).mean() / crops.eye_distance(truth))

    for i, landmarks, true in zip(number, found, truth):
        add(i, landmarks, true)
    for i, landmarks in faces:
        eyes = crops.eye_distance(landmarks)
        middle = landmarks.mean(0)
        size = random.exponential(0.15)
        angle, scale = size * random.normal(), np.exp(size * random.normal())
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        moved = (landmarks - middle) @ turn.T + middle + size * eyes * random.normal(size=2)
        add(i, moved + 0.01 * eyes * random.normal(size=(68, 2)), landmarks)
    return np.array(values), np.array(errors)


def train(mesh, values, errors, epochs, batch, seed):
    """Trains on faces as cut out by the mesh (N x pixels) and the error of each (infinite where there
    is no face). Returns the file and the share of held-out samples whose verdict is right."""
    torch.manual_seed(seed)
    mean, deviation = values.mean(0), values.std(0) + 1e-3
    pictures = torch.from_numpy(mesh.picture((values - mean) / deviation))[:, None]
    classes = torch.from_numpy(np.searchsorted(EDGES, errors, side="right"))
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(values), generator=generator)
    held, order = order[: len(order) // 10], order[len(order) // 10 :]
    model = Network()
    print("validator:", sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-3)
    steps = epochs * (len(order) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for epoch in range(epochs):
        order, total = order[torch.randperm(len(order), generator=generator)], 0.0
        for i in range(len(order) // batch):
            chosen = order[i * batch :][:batch]
            taken = pictures[chosen]
            taken = taken + 0.1 * torch.randn(taken.shape, generator=generator) * (taken != 0)
            loss = F.cross_entropy(model(taken), classes[chosen], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"validator: epoch {epoch}, loss {total / max(1, i + 1):.4f}", flush=True)
    with torch.no_grad():
        found = model(pictures[held]).argmax(1)
    sure = (classes[held] <= 1) | (classes[held] >= 5)
    right = ((found <= 2) == (classes[held] <= 2))[sure].float().mean().item()
    print(f"validator: {100 * right:.2f} % right where it should be sure", flush=True)
    return encode(model, mesh, mean, deviation)


def encode(model, mesh, mean, deviation):
    def numbers(layer):
        return layer.weight.detach().numpy(), layer.bias.detach().numpy()

    layers = []
    for layer in (model.first, model.second, model.third):
        layers += [("conv", *numbers(layer)), ("relu",), ("pool",)]
    layers += [("dense", *numbers(model.gather), (16, 5, 5)), ("relu",)]
    layers.append(("dense", *numbers(model.answer), (32, 1, 1)))
    return formats.validator(mean, deviation, layers, mesh)
