"""Makes networks of 16-bit floats and of 8-bit integers of those in a store of models.

Run by scripts/quantize. Each result goes into the store's folder `precision`, with a record beside it
that says of which file it was made, by which tools, and on which videos it was calibrated; faceau
accepts it on the strength of that record and of nothing else. Inputs for calibration are those that the
program itself feeds its networks: it writes them out (--dump-inputs).
"""

import argparse
import datetime
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnx.version_converter
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

# The networks of each pipeline: identifier and file, as in models/manifest.toml.
NETWORKS = {
    "pfld": {
        "retinaface": "retinaface_mobilenet025_coreml.onnx",
        "pfld": "pfld_cunjian.onnx",
    },
    "openface3": {
        "retinaface": "retinaface_mobilenet025_coreml.onnx",
        "openface3-mtl": "mtl_efficientnet_b0_coreml.onnx",
        "openface3-star": "star_landmark_98_coreml.onnx",
    },
}
# Scales for each channel are known to ONNX's operators from this version on.
OPERATORS = 13
# Inputs that each network is calibrated on, at most.
SAMPLES = 48
# Numbers smaller than this are zero in 16 bits.
SMALLEST_HALF = 6e-8


def main():
    options = arguments()
    store, folders = find_store(options)
    target = store / "precision"
    target.mkdir(parents=True, exist_ok=True)
    networks = {id: find(folders, name) for id, name in NETWORKS[options.pipeline].items()}
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        videos = options.videos or [draw(options, work)]
        inputs = dump_inputs(options, videos, work)
        calibration = [(path.name, content(path)["sha256"]) for path in videos]
        for id, source in networks.items():
            samples = sorted(inputs.glob(f"{id}-*.npy"))
            if not samples:
                sys.exit(f"quantize: no face was found in {', '.join(map(str, videos))}, so that {id} never ran")
            prepared = prepare(id, source, folders, work)
            for precision, make in (("fp16", to_half), ("int8", to_whole_numbers)):
                result = work / "result.onnx"
                make(prepared, result, spread(samples))
                try_out(result, samples[0])
                used = calibration if precision == "int8" else []
                keep(target, id, precision, source, result, used)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/quantize", description=__doc__)
    parser.add_argument("videos", nargs="*", type=pathlib.Path, metavar="VIDEO")
    parser.add_argument("--models", type=pathlib.Path, metavar="DIR", help="the store, as for faceau-supervisor")
    parser.add_argument("--pipeline", choices=sorted(NETWORKS), default="pfld")
    parser.add_argument("--allow-unknown-models", action="store_true", help="as for faceau-supervisor")
    parser.add_argument("--program", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def find_store(options):
    """The folder to write to, and all folders to look in, as the program has them."""
    given = ["--models", str(options.models)] if options.models else []
    listed = subprocess.run(
        [options.program, "models", "path", *given], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    folders = [pathlib.Path(line) for line in listed]
    if options.models:
        return folders[0], folders
    # The last one is for OpenFace's files alone; the one before is faceau's own.
    return folders[-2], folders


def find(folders, name):
    for folder in folders:
        for place in (folder / "onnx" / name, folder / name):
            if place.is_file():
                return place
    sys.exit(f"quantize: {name} is in none of {', '.join(map(str, folders))}")


def content(path):
    data = path.read_bytes()
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def draw(options, work):
    """A video of the synthetic face."""
    video = work / "demo.mp4"
    subprocess.run([options.program, "demo", "make", "--size", "640x480", "--out", video], check=True)
    return video


def dump_inputs(options, videos, work):
    folder = work / "inputs"
    folder.mkdir()
    command = [options.program, "--pipeline", options.pipeline, "--workers", "1", "--force"]
    # So that the detector has enough to do.
    command += ["--redetect", "1"]
    command += ["--dump-inputs", folder, "--out-dir", work / "tables"]
    if options.models:
        command += ["--models", options.models]
    if options.allow_unknown_models:
        command += ["--allow-unknown-models"]
    for video in videos:
        subprocess.run([*command, video], check=True)
    return folder


def spread(samples):
    """So many of the files, from the first to the last."""
    places = numpy.linspace(0, len(samples) - 1, min(SAMPLES, len(samples)))
    return [samples[int(place)] for place in places]


def prepare(id, source, folders, work):
    """The network without weights that are too small to matter, with shapes inferred."""
    if id == "openface3-star":
        # Of this one the store has a form without its odd outputs.
        digest = content(source)["sha256"][:16]
        made = [path for folder in folders for path in (folder / "converted").glob(f"{id}-*{digest}.onnx")]
        if not made:
            sys.exit("quantize: STAR must be brought in by faceau-supervisor models import --trust first")
        source = made[0]
    model = onnx.load(source)
    if min(one.version for one in model.opset_import if not one.domain) < OPERATORS:
        model = onnx.version_converter.convert_version(model, OPERATORS)
    for weights in model.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(weights).copy()
            values[numpy.abs(values) < SMALLEST_HALF] = 0
            weights.CopyFrom(onnx.numpy_helper.from_array(values, weights.name))
    plain, prepared = work / "plain.onnx", work / f"{id}.onnx"
    onnx.save(model, plain)
    # Open sizes cannot always be followed through a network by symbols; shapes known are enough.
    quant_pre_process(plain, prepared, skip_symbolic_shape=True)
    return prepared


def to_half(source, result, _samples):
    model = convert_float_to_float16(onnx.load(source), keep_io_types=True)
    onnx.save(model, result)


class Inputs(CalibrationDataReader):
    """The inputs that the program fed the network, one after another."""

    def __init__(self, source, samples):
        self.name = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).get_inputs()[0].name
        self.samples = iter(samples)

    def get_next(self):
        sample = next(self.samples, None)
        return None if sample is None else {self.name: numpy.load(sample)}


def to_whole_numbers(source, result, samples):
    quantize_static(
        source,
        result,
        Inputs(source, samples),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )


def try_out(result, sample):
    """Nothing is kept that the engine does not run, or that gives out what is no number."""
    session = onnxruntime.InferenceSession(result, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: numpy.load(sample)})
    if not all(numpy.isfinite(output).all() for output in outputs):
        sys.exit(f"quantize: {result.name} gives out what is no number")


def keep(target, id, precision, source, result, calibration):
    made_of = content(source)
    stem = f"{id}-{precision}-{made_of['sha256'][:16]}"
    made = content(result)
    tools = {"numpy": numpy.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
    of = lambda one: f'{{ size = {one["size"]}, sha256 = "{one["sha256"]}" }}'
    quoted = lambda text: '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
    inputs = ", ".join(f"{{ name = {quoted(name)}, sha256 = {quoted(digest)} }}" for name, digest in calibration)
    record = "\n".join(
        [
            f"source = {of(made_of)}",
            f"file = {quoted(stem + '.onnx')}",
            f"result = {of(made)}",
            f"made = {quoted(datetime.date.today())}",
            "tools = { " + ", ".join(f"{name} = {quoted(version)}" for name, version in tools.items()) + " }",
            f"calibration = [{inputs}]",
            "",
        ]
    )
    # The record last: it is what makes the file count.
    (target / f"{stem}.toml").unlink(missing_ok=True)
    os.replace(move_near(result, target), target / f"{stem}.onnx")
    unfinished = target / f".{stem}.toml.part"
    unfinished.write_text(record)
    os.replace(unfinished, target / f"{stem}.toml")
    print(f"quantize: {target / stem}.onnx ({made['size']} bytes, the original has {made_of['size']})", file=sys.stderr)


def move_near(result, target):
    """A copy on the disk of the target, so that renaming it is atomic."""
    near = target / ".unfinished.onnx"
    near.write_bytes(result.read_bytes())
    return near


if __name__ == "__main__":
    main()
