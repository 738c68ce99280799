"""The network that places 68 landmarks in a crop of the face, in the manner of PFLD: 1x3x112x112 in
(R, G, B from 0 to 1), 136 out (x and y in turn, as shares of the crop).

A small hourglass makes a map of 28 x 28 per landmark; the landmark is where the map's weight lies. Last,
a linear map corrects each landmark by what the others say: a face is more than 68 points.
"""

import numpy as np
import torch

import graph

SIDE, MAP = 112, 28
# A map's elements stand for the middles of squares; beyond the crop's border nothing is needed.
_AXIS = ((np.arange(MAP) + 0.5) / MAP).astype(np.float32)
POSITIONS = np.stack([np.tile(_AXIS, MAP), np.repeat(_AXIS, MAP)], 1)


def net(g, x):
    fine = g.conv(x, "fine", 32, kernel=5, stride=4)
    middle = g.conv(fine, "middle", 48, stride=2)
    coarse = g.conv(middle, "coarse", 64, stride=2)
    coarse = g.add(coarse, g.conv(coarse, "around", 64))
    up = g.double(g.conv(coarse, "coarse_up", 48, kernel=1))
    middle = g.conv(g.add(middle, up), "middle_out", 48)
    up = g.double(g.conv(middle, "middle_up", 32, kernel=1))
    fine = g.conv(g.add(fine, up), "fine_out", 32)
    maps = g.conv(fine, "maps", 68, kernel=1, plain=True)
    points = g.linear(g.flat(g.peaks(maps, POSITIONS), 136), "correct")
    return g.output(points, "output", ["batch_size", 136])


def train(faces, phases, batch, seed):
    """Trains on `faces` (crops.Faces) and returns the network. `phases` are (epochs, greatest learning
    rate, how much crops vary)."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = graph.Trainable(net, torch.zeros(1, 3, SIDE, SIDE))
    print("landmarks:", sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    for epochs, rate, variety in phases:
        optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=1e-4)
        steps = epochs * (len(faces) // batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.1)
        for epoch in range(epochs):
            model.train()
            order, total = torch.randperm(len(faces), generator=generator), 0.0
            for i in range(len(faces) // batch):
                chosen = order[i * batch :][:batch]
                pictures, points, eyes = faces.batch(chosen, generator, variety)
                found = model(pictures).reshape(-1, 68, 2)
                off = (found - points) / eyes.reshape(-1, 1, 1)
                # Wing-like: steep near 0, so that small errors still count.
                loss = torch.log1p(torch.linalg.vector_norm(off + 1e-9, dim=-1) / 0.02).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.item()
            print(f"landmarks: epoch {epoch}, loss {total / max(1, i + 1):.4f}", flush=True)
    return model.eval()


# How strongly the correction is held back; in units of a crop's share, squared and summed.
CAUTION = 0.003


def correct(model, faces, rounds, seed):
    """Fits the network's last layer, which takes its landmarks to the true ones."""
    generator = torch.Generator().manual_seed(seed)
    found, true = [], []
    with torch.no_grad():
        for _ in range(rounds):
            for chosen in torch.arange(len(faces)).split(64):
                pictures, points, _ = faces.batch(chosen, generator, 0.45)
                found.append(model(pictures))
                true.append(points.reshape(-1, 136))
    found, true = (torch.cat(parts).double().numpy() for parts in (found, true))
    middle = found.mean(0)
    # What is left to correct, from the landmarks themselves.
    x, y = found - middle, true - found
    weights = np.linalg.solve(x.T @ x + CAUTION * np.eye(136), x.T @ (y - y.mean(0)))
    layer = model.layers["correct"]
    layer.weight.data = torch.from_numpy((np.eye(136) + weights.T).astype(np.float32))
    layer.bias.data = torch.from_numpy((y.mean(0) - middle @ weights).astype(np.float32))


def locate(model, pictures, batch=64):
    """Landmarks of crops (3 x 112 x 112 each; R, G, B as floats from 0 to 1 or as bytes):
    N x 68 x 2, as shares of the crop."""
    parts = []
    with torch.no_grad():
        for i in range(0, len(pictures), batch):
            taken = torch.stack(list(pictures[i : i + batch]))
            if taken.dtype == torch.uint8:
                taken = taken.float() / 255
            parts.append(model(taken).numpy())
    return np.concatenate(parts).reshape(-1, 68, 2)


def encode(model):
    return graph.store(model, ["batch_size", 3, SIDE, SIDE])
