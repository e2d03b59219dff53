"""Model and embeddings through the `safetensors` package of Python: check.py FIXTURE FOLDER."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file

TOLERANCE = 1e-5
# The weight of near landmarks is large: it multiplies the rounding of f32.
KERNEL_TOLERANCE = 1e-3
GELU = numpy.vectorize(lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))), otypes=[float])
ACTIVATIONS = {"gelu": GELU, "relu": lambda x: numpy.where(x > 0, x, 0)}


def run(out, embeddings, rewards, *options):
    command = ["pairpick", "run", "--train-embeddings", embeddings, "--train-rewards", rewards]
    command += ["--test-embeddings", embeddings, "--test-rewards", rewards]
    command += ["--batch", "20", "--rounds", "3", "--out", out, *options]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def metrics(out):
    """All metrics of a run but the time."""
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": None} for line in lines]


def load(path):
    """Tensors and pairpick's metadata."""
    with safe_open(path, framework="np") as file:
        metadata = json.loads(file.metadata()["pairpick"])
        return {name: file.get_tensor(name) for name in file.keys()}, metadata


def predict(tensors, activation, x):
    """The forward pass as PyTorch's Linear and activations define it, in float64."""
    tensors = {name: tensor.astype("f8") for name, tensor in tensors.items()}
    if "input.mean" in tensors:
        x = (x - tensors["input.mean"]) * tensors["input.scale"]
    for layer in range(3):
        weight, bias = (tensors[f"layers.{layer}.{part}"] for part in ("weight", "bias"))
        x = ACTIVATIONS[activation](x @ weight.T + bias)
    return (x @ tensors["head.weight"].T)[..., 0]


def kernel_features(tensors, x):
    """Features of a Gaussian kernel at landmarks, in float64."""
    tensors = {name: tensor.astype("f8") for name, tensor in tensors.items()}
    z = (x - tensors["kernel.origin"]) @ tensors["kernel.metric"]
    landmarks = tensors["kernel.landmarks"].T
    distances = ((z[..., None, :] - landmarks) ** 2).sum(-1)
    return numpy.exp(-distances) @ tensors["kernel.weight"]


def check_kernel(out, embeddings):
    """The model's features by the formula of its file, and what the file says of them."""
    tensors, metadata = load(out / "model.safetensors")
    assert metadata == {"format_version": 1, "trunk": "kernel"}, metadata
    x = numpy.load(embeddings).astype("f8")
    features = kernel_features(tensors, x)
    theirs = (features @ tensors["head.weight"].astype("f8").T).ravel()
    command = ["pairpick", "score", "--model", out / "model.safetensors", "--embeddings", embeddings]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    scores = {tuple(score["item"]): score["reward"] for score in map(json.loads, lines)}
    ours = numpy.array([scores[place] for place in numpy.ndindex(x.shape[:2])])
    compare("kernel", ours, theirs, KERNEL_TOLERANCE)
    within = features - features.mean(1, keepdims=True)
    assert abs((within**2).sum(-1).mean() - 1) < 1e-3, "scaled until they vary by 1 within prompts"
    responses = x.shape[1]
    covariance = numpy.einsum("nki,nkj->ij", within, within) / len(x)
    moment = 2 * covariance / (responses - 1)
    lower = numpy.concatenate([moment[place:, place] for place in range(len(moment))])
    difference = numpy.abs(lower - tensors["kernel.moment"]).max()
    assert difference < 1e-3 * numpy.abs(lower).max(), difference


def check_model(out, embeddings, activation):
    tensors, metadata = load(out / "model.safetensors")
    assert metadata == {"format_version": 1, "activation": activation}, metadata
    x = numpy.load(embeddings).astype("f8")
    theirs = predict(tensors, activation, x).ravel()
    printed = subprocess.run(
        ["rewards", out / "model.safetensors", embeddings],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    compare(activation, numpy.array(printed.split(), dtype="f8"), theirs, TOLERANCE)
    assert all(tensor.dtype == numpy.float32 for tensor in tensors.values())


def compare(name, ours, theirs, tolerance):
    """Rewards by pairpick beside those of its file."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    difference = numpy.abs(ours - theirs).max()
    assert numpy.ptp(theirs) > 0.1, "a model that says the same of everything tests nothing"
    assert difference < tolerance, difference
    print(f"{name}: {len(ours)} rewards differ by at most {difference:.1e}")


def check_embeddings(folder, embeddings, rewards, expected):
    """The same arrays, written by Python in each form that is read, give the same run."""
    x, r = numpy.load(embeddings).astype("f4"), numpy.load(rewards).astype("f4")
    together, alone = folder / "data.safetensors", folder / "alone.safetensors"
    save_file({"embeddings": x, "rewards": r, "ids": numpy.arange(5)}, together, {"from": "test"})
    save_file({"psi": x}, alone)
    doubles, archive = folder / "doubles.npy", folder / "data.npz"
    numpy.save(doubles, x.astype("f8"))
    numpy.savez(archive, embeddings=x, rewards=r)
    for case, (x_file, r_file) in {
        "both": (together, together),
        "alone": (alone, rewards),
        "doubles": (doubles, rewards),
        "archive": (archive, archive),
    }.items():
        out = folder / case
        run(out, x_file, r_file)
        assert metrics(out) == metrics(expected), case
        for name in ("labels.jsonl", "model.safetensors", "settings.json"):
            assert (out / name).read_bytes() == (expected / name).read_bytes(), (case, name)
    print("embeddings and rewards from safetensors give the run of the .npy files")


def main():
    fixture, folder = Path(sys.argv[1]), Path(sys.argv[2])
    embeddings, rewards = fixture / "embeddings.npy", fixture / "rewards.npy"
    for activation in ACTIVATIONS:
        run(folder / activation, embeddings, rewards, "--preset", "mlp", "--activation", activation)
        check_model(folder / activation, embeddings, activation)
    run(folder / "kernel", embeddings, rewards)
    check_kernel(folder / "kernel", embeddings)
    check_embeddings(folder, embeddings, rewards, folder / "kernel")


main()
