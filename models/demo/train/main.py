"""Trains all demo models: renders pictures and clips with the program itself, and writes the files
that `faceau-supervisor --pipeline demo` uses.

Stages, in this order; each needs those before it, but clips are rendered while the networks that find
faces and landmarks are trained:
  stills      pictures with and without faces, rendered
  shape       shape model and triangles
  detector    finds faces
  landmarks   68 landmarks in a crop
  clips       demo videos, rendered
  validator   whether landmarks sit on a face
  describe    what the program describes their frames as
  aus         action units

With the same versions of the packages and the same processor, the files come out the
same.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

import action_units
import crops
import detector
import graph
import landmarks
import shape
import validator
import warp

# Those that a + joins run at the same time.
STAGES = ["stills", "shape", "detector+landmarks+clips", "validator", "describe", "aus"]
# Sizes of the stills with one face, and of those with any number; and how much smaller than these the
# detector's training pictures are.
FACES, SCENES, HALVED = "400x300", "320x240", 2
# A face with fewer pixels between its eyes has no landmarks worth learning.
SMALLEST_EYES = 22.0
# No two stages use the same scenes; those that users see by default begin at 0.
SEED_OF_STILLS, SEED_OF_CLIPS = 900_001, 1_000_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, required=True, help="cargo's target folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model files")
    parser.add_argument("--work", type=Path, required=True, help="folder for pictures and clips")
    parser.add_argument("--stages", default=",".join(STAGES), help="which, separated by commas")
    parser.add_argument("--faces", type=int, default=5000, help="stills with one face")
    parser.add_argument("--scenes", type=int, default=3000, help="stills with 0 to 3 faces")
    parser.add_argument("--restless-clips", type=int, default=420, help="clips to learn action units from")
    parser.add_argument("--plain-clips", type=int, default=24, help="clips as users make them")
    parser.add_argument("--detector-epochs", type=int, default=11)
    parser.add_argument("--landmark-epochs", type=int, default=13)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # One: threads that wait for each other are of no use on a busy machine.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.use_deterministic_algorithms(True)
    options.work.mkdir(parents=True, exist_ok=True)
    (options.out / "au").mkdir(parents=True, exist_ok=True)
    stages = options.stages.split(",")
    if len(stages) == 1 and stages[0] in DO:
        return DO[stages[0]](options)
    for stage in stages:
        began = time.monotonic()
        print(f"--- {stage}", flush=True)
        side_by_side(stage.split("+"))
        print(f"--- {stage}: {time.monotonic() - began:.0f} s", flush=True)


def side_by_side(stages):
    """Runs stages in processes of their own, which leave no memory behind."""
    commands = [[sys.executable, *sys.argv, "--stages", stage] for stage in stages]
    running = [subprocess.Popen(command) for command in commands]
    # All are waited for before any failure counts.
    codes = [process.wait() for process in running]
    for command, code in zip(commands, codes):
        if code:
            raise subprocess.CalledProcessError(code, command)


class Stills:
    """What `demo export` wrote into some folders, one after another."""

    def __init__(self, *folders):
        def load(name):
            return [np.load(folder / f"{name}.npy") for folder in folders]

        pictures = [np.load(folder / "images.npy", mmap_mode="r") for folder in folders]
        starts = np.cumsum([0] + [len(part) for part in pictures])
        # R, G, B; those of one folder have one size.
        self.pictures = [picture for part in pictures for picture in part]
        # Per face: number of the picture, landmarks in it (pixels) and in the head (mm), and the share
        # of them that can be seen.
        self.picture_of = np.concatenate([of + start for of, start in zip(load("face_image"), starts)])
        self.landmarks = np.concatenate(load("landmarks"))
        self.in_head = np.concatenate(load("landmarks_3d"))
        self.visible = np.concatenate(load("visible"))

    @classmethod
    def of(cls, options):
        return cls(options.work / "stills" / "faces", options.work / "stills" / "scenes")


def do_stills(options):
    folder = options.work / "stills"
    shutil.rmtree(folder, ignore_errors=True)
    export = [build(options), "demo", "export"]
    faces = ["--size", FACES, "--count", options.faces, "--seed", SEED_OF_STILLS, "--max-angle", 30]
    faces += ["--smallest", 0.22, "--largest", 0.62, "--blurred", 0.2]
    run([*export, *faces, "--out", folder / "faces"])
    scenes = ["--size", SCENES, "--count", options.scenes, "--seed", SEED_OF_STILLS + 1, "--max-angle", 33]
    scenes += ["--least-faces", 0, "--most-faces", 3]
    scenes += ["--smallest", 0.12, "--largest", 0.8, "--occluded", 0.1]
    run([*export, *scenes, "--out", folder / "scenes"])


def do_shape(options):
    stills = Stills.of(options)
    mean, modes, variances = shape.fit(stills.in_head.astype(np.float64))
    (options.out / "shape.txt").write_text(shape.encode(mean, modes, variances))
    (options.out / "triangles.txt").write_text(shape.encode_triangles(shape.triangles(mean)))


def do_detector(options):
    stills = Stills(options.work / "stills" / "scenes")
    count, (height, width, _) = len(stills.pictures), stills.pictures[0].shape
    size = (height // HALVED, HALVED, width // HALVED, HALVED)
    pictures = np.empty((count, 3, size[0], size[2]), np.uint8)
    for i in range(count):
        mean = stills.pictures[i].reshape(*size, 3).mean((1, 3))
        # B, G, R.
        pictures[i] = np.round(mean[..., ::-1]).astype(np.uint8).transpose(2, 0, 1)
    # In pixels of the frame that the reduced picture would belong to.
    full = detector.REDUCED / HALVED
    boxes, points = [], []
    for i in range(count):
        found = stills.landmarks[stills.picture_of == i]
        boxes.append(torch.from_numpy(crops.box_of(found) * full).float().reshape(-1, 4))
        five = [found[:, 36:42].mean(1), found[:, 42:48].mean(1), found[:, 30], found[:, 48], found[:, 54]]
        points.append(torch.from_numpy(np.stack(five, 1) * full).float().reshape(-1, 5, 2))
    scenes = detector.Scenes(torch.from_numpy(pictures), boxes, points)
    model = detector.train(scenes, options.detector_epochs, 32, options.seed)
    (options.out / "detector.onnx").write_bytes(detector.encode(model))


def whole_faces(stills):
    """Faces that are large enough and wholly to be seen: number of the picture, landmarks."""
    large = crops.eye_distance(stills.landmarks) >= SMALLEST_EYES
    chosen = np.flatnonzero(large & (stills.visible > 0.95))
    return [(int(stills.picture_of[i]), stills.landmarks[i].astype(np.float64)) for i in chosen]


def do_landmarks(options):
    stills = Stills(options.work / "stills" / "faces")
    chosen = whole_faces(stills)
    held = len(chosen) // 25
    faces = crops.Faces.of(stills.pictures, chosen)
    learned = crops.Faces(faces.pictures[held:], faces.points[held:], faces.eyes[held:])
    # Much variety first; then mostly what a followed face looks like.
    phases = [(options.landmark_epochs, 4e-3, 1.0), (options.landmark_epochs, 3e-3, 0.45)]
    model = landmarks.train(learned, phases, 32, options.seed)
    landmarks.correct(model, learned, 2, options.seed)
    torch.save(model.state_dict(), options.work / "landmarks.pt")
    (options.out / "landmarks.onnx").write_bytes(landmarks.encode(model))
    generator = torch.Generator().manual_seed(options.seed)
    pictures, points, eyes = faces.batch(torch.arange(held), generator, 0.4)
    off = np.linalg.norm(landmarks.locate(model, pictures) - points.numpy(), axis=-1).mean(1) / eyes.numpy()
    print(f"landmarks: held-out error {100 * off.mean():.2f} % of the eye distance", flush=True)


def do_validator(options):
    stills = Stills.of(options)
    mean, _, _ = read_shape(options.out / "shape.txt")
    mesh = warp.Mesh(mean[:, :2], shape.triangles(mean))
    model = load_landmarks(options)
    random = np.random.default_rng(options.seed)
    values, errors = validator.samples(mesh, stills, whole_faces(stills), model, random)
    (options.out / "validator.dat").write_bytes(validator.train(mesh, values, errors, 10, 64, options.seed))


def load_landmarks(options):
    model = graph.Trainable(landmarks.net, torch.zeros(1, 3, landmarks.SIDE, landmarks.SIDE))
    model.load_state_dict(torch.load(options.work / "landmarks.pt"), strict=False)
    return model.eval()


def read_shape(path):
    """Mean (68 x 3), modes (204 x 34) and variances as they are in the file."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    words = iter(" ".join(lines).split())
    found = []
    for _ in range(3):
        rows, columns, _ = int(next(words)), int(next(words)), next(words)
        found.append(np.array([np.float32(next(words)) for _ in range(rows * columns)]).reshape(rows, columns))
    mean, modes, variances = found
    return mean.reshape(3, 68).T.astype(np.float64), modes.astype(np.float64), variances


def clips_of(options, kind):
    return sorted((options.work / "clips").glob(f"{kind}-*[0-9].mp4"))


def do_clips(options):
    """Renders clips. Restless ones teach much in few frames; those like users' own tell how well it was
    learned."""
    folder = options.work / "clips"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    program = build(options)
    kinds = [("restless", options.restless_clips, 10, 4), ("plain", options.plain_clips, 20, 10)]
    seed = SEED_OF_CLIPS
    for kind, count, seconds, frame_rate in kinds:
        for i in range(count):
            make = [program, "demo", "make", "--seed", seed, "--out", folder / f"{kind}-{i:03}.mp4"]
            # A face that leaves or returns is seen from further aside than it turns.
            make += ["--size", "480x360", "--seconds", seconds, "--fps", frame_rate]
            make += ["--restless", "--max-angle", 25 + 4 * (i % 3)] if kind == "restless" else ["--max-angle", 25]
            subprocess.run([str(word) for word in make], check=True, stdout=subprocess.DEVNULL)
            seed += 1


def do_describe(options):
    """Has the program describe the clips' frames, with the networks trained so far and models that
    measure no action units yet."""
    write_predictors(options, action_units.nothing())
    folder = options.work / "clips"
    measure = [build(options), "--pipeline", "demo", "--quiet", "--force", "--hog"]
    measure += ["--columns", "params", "--workers", 2, "--out-dir", folder]
    run([*measure, *clips_of(options, "restless"), *clips_of(options, "plain")])


def write_predictors(options, files):
    for name, content in files.items():
        (options.out / "au" / name).write_bytes(content)
    (options.out / "au" / "predictors.txt").write_text(action_units.list_of(files))


def build(options):
    """Builds the program with the model files as they are now, and returns its path."""
    run(["cargo", "build", "--quiet", "--locked", "--package", "faceau-supervisor", "--package", "faceau-worker"])
    return options.target / "debug" / "faceau-supervisor"


def do_aus(options):
    _, modes, _ = read_shape(options.out / "shape.txt")

    def read(kind):
        for video in clips_of(options, kind):
            files = (video.with_suffix(suffix) for suffix in (".csv", ".hog", ".truth.csv"))
            yield action_units.Clip(*files, modes)

    write_predictors(options, action_units.fit(list(read("restless")), list(read("plain"))))


def run(command):
    subprocess.run([str(word) for word in command], check=True)


DO = {
    "stills": do_stills,
    "shape": do_shape,
    "detector": do_detector,
    "landmarks": do_landmarks,
    "validator": do_validator,
    "clips": do_clips,
    "describe": do_describe,
    "aus": do_aus,
}


if __name__ == "__main__":
    main()
