"""Faces cut out of training pictures, as the tracker will see them, and varied.

The box of a face is a fixed function of its landmarks, the same that the tracker uses when it follows
a face; a crop is a square around the box. Landmarks count from the corner of the first pixel, not from
its middle, in pictures as in crops.
"""

import numpy as np
import torch
from torch.nn import functional as F

# crates/vision/src/tracking/pfld_tracker.rs: the box in units of the landmarks' size.
HEIGHT, RISE, WIDTH_TO_HEIGHT = 1.364, 0.177, 0.71
# crates/vision/src/tracking/pfld.rs: side of the crop in units of the box's longer side.
CROP = 1.1
SIDE = 112
# Crops are kept with a margin, from which every epoch cuts them anew.
MARGIN = 1.5
KEPT = 168

# The landmark at the same place of the other half of the face.
MIRRORED = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)


def box_of(landmarks):
    """Left, top, right and bottom of the box of each face (... x 68 x 2)."""
    low, high = landmarks.min(-2), landmarks.max(-2)
    size = (high - low).mean(-1)
    x, y = ((low + high) / 2)[..., 0], ((low + high) / 2)[..., 1] - RISE * size
    half_height = HEIGHT * size / 2
    half_width = WIDTH_TO_HEIGHT * half_height
    return np.stack([x - half_width, y - half_height, x + half_width, y + half_height], -1)


def eye_distance(landmarks):
    """Between the outer corners of the eyes (... x 68 x 2)."""
    return np.linalg.norm(landmarks[..., 45, :] - landmarks[..., 36, :], axis=-1)


def cut(picture, centre, side, size):
    """A square of a picture (H x W x 3, u8), scaled to `size`; black beyond the border."""
    x, y = centre
    # Middles of the new pixels in the old picture, where whole numbers are middles.
    step = (np.arange(size) + 0.5) / size * side - 0.5
    xs, ys = x - side / 2 + step, y - side / 2 + step
    # Only what is needed is turned into floats.
    left, top = max(0, int(xs[0]) - 2), max(0, int(ys[0]) - 2)
    picture = picture[top : max(top + 1, int(ys[-1]) + 3), left : max(left + 1, int(xs[-1]) + 3)]
    xs, ys = xs - left, ys - top
    height, width = picture.shape[:2]
    if height == 0 or width == 0:
        return torch.zeros(3, size, size, dtype=torch.uint8)
    grid = np.stack(np.meshgrid((xs + 0.5) / width, (ys + 0.5) / height), -1) * 2 - 1
    source = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float()
    grid = torch.from_numpy(grid.astype(np.float32))[None]
    cropped = F.grid_sample(source, grid, padding_mode="zeros", align_corners=False)
    return cropped[0].round().clamp(0, 255).byte()


class Faces:
    """Crops with a margin, and the landmarks in them as shares of the crop."""

    def __init__(self, pictures, points, eyes):
        self.pictures, self.points, self.eyes = pictures, points, eyes

    @classmethod
    def of(cls, pictures, faces):
        """`faces`: (number of the picture, landmarks) of every face worth training on."""
        kept, points, eyes = [], [], []
        for number, landmarks in faces:
            left, top, right, bottom = box_of(landmarks)
            side = CROP * max(right - left, bottom - top) * MARGIN
            centre = np.array([left + right, top + bottom]) / 2
            kept.append(cut(pictures[number], centre, side, KEPT))
            points.append((landmarks - (centre - side / 2)) / side)
            eyes.append(eye_distance(landmarks) / side)
        return cls(
            torch.stack(kept), torch.from_numpy(np.array(points, np.float32)), torch.tensor(np.array(eyes, np.float32))
        )

    def __len__(self):
        return len(self.pictures)

    def batch(self, chosen, generator, variety):
        """Crops of the chosen faces cut and coloured anew, their landmarks, and the eye distances, as
        shares of the new crop. `variety` says how different they are from each other: 0 to 1."""
        pictures = self.pictures[chosen].float() / 255
        points, eyes = self.points[chosen], self.eyes[chosen]
        count = len(chosen)

        def about_0(most, *shape):
            return variety * most * (2 * torch.rand(count, *shape, generator=generator) - 1)

        # From a place in the new crop to one in the old, both counted from the middle.
        scale = torch.exp(about_0(0.2)) / MARGIN
        angle = about_0(0.2)
        shift = about_0(0.11, 2) / MARGIN
        mirror = torch.where(about_0(1) < 0, -1.0, 1.0)
        cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
        turn = torch.stack([torch.stack([cos * mirror, -sin], 1), torch.stack([sin * mirror, cos], 1)], 1)
        grid = F.affine_grid(torch.cat([turn, 2 * shift[..., None]], 2), [count, 3, SIDE, SIDE], align_corners=False)
        pictures = F.grid_sample(pictures, grid, padding_mode="zeros", align_corners=False)
        points = (points - 0.5 - shift[:, None]) @ torch.linalg.inv(turn).mT + 0.5
        points = torch.where(mirror[:, None, None] < 0, points[:, MIRRORED], points)
        gain = torch.exp(about_0(0.45, 1, 1, 1) + about_0(0.1, 3, 1, 1))
        gamma = torch.exp(about_0(0.3, 1, 1, 1))
        pictures = (gain * pictures.clamp(1e-4, 1) ** gamma + about_0(0.06, 1, 1, 1)).clamp(0, 1)
        noise = torch.randn(pictures.shape, generator=generator) * about_0(0.03, 1, 1, 1)
        return (pictures + noise).clamp(0, 1), points, eyes / scale
