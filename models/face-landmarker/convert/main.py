"""Makes the files of models/face-landmarker anew, out of Google's face_landmarker.task.

    python main.py face_landmarker.task FOLDER

Refuses another file, and says whether the results are those that SHA256SUMS lists.
"""

import hashlib
import pathlib
import sys
import zipfile

import geometry
import network
import tflite

TASK = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
# Name, names of the outputs, whether it looks at pictures.
NETWORKS = [
    ("face_detector", ["regressors", "scores"], True),
    ("face_landmarks_detector", ["landmarks", "presence", "tongue_out"], True),
    ("face_blendshapes", ["blendshapes"], False),
]
GEOMETRY = "geometry_pipeline_metadata_landmarks.binarypb"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    task, folder = map(pathlib.Path, sys.argv[1:])
    found = hashlib.sha256(task.read_bytes()).hexdigest()
    if found != TASK:
        sys.exit(f"{task} is another file: its SHA-256 is {found}, expected {TASK}")
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    with zipfile.ZipFile(task) as bundle:
        for name, outputs, is_picture in NETWORKS:
            source = tflite.Network(bundle.read(f"{name}.tflite"))
            doc = (
                f"Converted from {name}.tflite of face_landmarker.task (float16, version 1), (c) Google LLC, "
                "Apache License 2.0. Changed: TFLite to ONNX, image axes, PRelu written as Relu, Mul and Add."
            )
            results[f"{name}.onnx"] = network.write(source, name, outputs, is_picture, doc)
        results["face_geometry.csv"] = geometry.write(bundle.read(GEOMETRY)).encode()
    listed = dict(reversed(line.split("  ")) for line in sums().splitlines())
    equal = True
    for name, content in results.items():
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        same = digest == listed[name]
        equal &= same
        print(f"{digest}  {name}{'' if same else '  (another one is listed)'}")
    sys.exit(not equal)


def sums():
    return (pathlib.Path(__file__).parent.parent / "SHA256SUMS").read_text()


if __name__ == "__main__":
    main()
