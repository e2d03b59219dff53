#!/usr/bin/env python3
"""Splits data into folders for `pairpick compare --data`: split.py DIR OUT.

DIR has the folders arena_bench, summeval and ukp (README.md, "How learning is measured"). Of the first two a
quarter of the prompts, of the last three of ten debates are for testing, drawn once; the sides of a debate are
the prompts, and pairs with their votes the candidates. No numbers are changed. Needs NumPy.
"""

import json
import random
import sys
from pathlib import Path

import numpy as np

SEED = 5


def save(out, part, rows, arrays):
    """The rows of each array, as files that --data finds, and lengths for --covariates."""
    for name, array in arrays.items():
        np.save(out / f"{part}_{name}.npy", array[rows])


def by_prompts(source, out, embeddings):
    """A quarter of the prompts for testing."""
    arrays = {name: np.load(source / f"{name}.npy") for name in ["rewards", "lengths"]}
    arrays["embeddings"] = np.load(source / embeddings)
    prompts = list(range(len(arrays["embeddings"])))
    random.Random(SEED).shuffle(prompts)
    cut = len(prompts) * 3 // 4
    save(out, "train", sorted(prompts[:cut]), arrays)
    save(out, "test", sorted(prompts[cut:]), arrays)


def by_debates(source, out):
    """Three of the debates for testing."""
    arrays = {name: np.load(source / f"{name}.npy") for name in ["embeddings", "rewards", "lengths"]}
    rows = [json.loads(line) for line in open(source / "rows.jsonl")]
    pairs = [json.loads(line) for line in open(source / "candidates.jsonl")]
    topics = sorted({row["topic"] for row in rows})
    random.Random(SEED).shuffle(topics)
    for part, file in [("train", "candidates.jsonl"), ("test", "test_labels.jsonl")]:
        own = [row for row in rows if (row["topic"] in topics[:3]) == (part == "test")]
        numbers = [row["row"] for row in own]
        save(out, part, numbers, arrays)
        ids = [f"{row['topic'][:20]} {row['stance']}".replace("\n", " ") for row in own]
        (out / f"{part}_prompt_ids.txt").write_text("".join(f"{name}\n" for name in ids))
        place = {row: place for place, row in enumerate(numbers)}
        with open(out / file, "w") as lines:
            for pair in pairs:
                if pair["a"] in place and pair["b"] in place:
                    own = pair | {"a": place[pair["a"]], "b": place[pair["b"]]}
                    print(json.dumps(own), file=lines)


def main():
    """Splits all three."""
    source, target = map(Path, sys.argv[1:3])
    for name in ["arena_bench", "summeval", "ukp"]:
        (target / name).mkdir(parents=True, exist_ok=True)
    by_prompts(source / "arena_bench", target / "arena_bench", "embeddings.npy")
    by_prompts(source / "summeval", target / "summeval", "embeddings_with_document.npy")
    by_debates(source / "ukp", target / "ukp")


if __name__ == "__main__":
    main()
