#!/usr/bin/env python3
"""Make embeddings of texts: those that `pairpick import` writes, or any that `--texts` takes.

    pip install numpy sentence-transformers
    python encode.py data/texts.jsonl data/embeddings.npy --model all-MiniLM-L6-v2

A line of texts.jsonl with a "response" (or a "text") becomes a row of a .npy file of float32, of shape
(M, D); a line a prompt, with as many "responses" as every other, gives shape (prompts, responses, D).
Encoded is the prompt, an empty line and the response; of a list of messages, the contents, an empty
line between two.

--model is the name or the folder of a model of sentence-transformers, or MODULE:FUNCTION: a function
of yours, found in the working folder too, that takes a list of texts and returns an array of shape
(len(texts), D).
"""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

import numpy as np


def text_of(value):
    """A text, or the contents of a list of messages."""
    if isinstance(value, list):
        return "\n\n".join(text_of(message["content"]) for message in value)
    if isinstance(value, dict):  # a part of a message that has several
        return value.get("text", "")
    return value or ""


def response_of(row):
    """The text of a response, which may be an object that has it."""
    if isinstance(row, dict):
        return text_of(row["response"] if "response" in row else row["text"])
    return text_of(row)


def read_texts(path):
    """What is encoded of each response, and how many each prompt has; None where a line is one."""
    texts, counts = [], set()
    for number, line in enumerate(path.open(encoding="utf-8-sig"), 1):
        try:
            if not line.strip():
                continue
            row = json.loads(line)
            responses = row.get("responses")
            if not isinstance(responses, list | None):
                raise TypeError('"responses" is no list')
            counts.add(None if responses is None else len(responses))
            prompt = text_of(row.get("prompt"))
            for response in [row] if responses is None else responses:
                parts = [prompt, response_of(response)]
                texts.append("\n\n".join(part for part in parts if part))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            expected = 'expected a "response", a "text", or "responses"'
            raise SystemExit(f"{path}: line {number}: {expected}: {error!r}")
    if not texts:
        raise SystemExit(f"{path}: no row in it; expected a line of JSON for each response or prompt")
    if len(counts) > 1:
        found = "lines of one response and of several"
        if None not in counts:
            found = "prompts with different numbers of responses"
        raise SystemExit(
            f"{path}: {found}; write a line a response, each with the prompt_id of its prompt"
        )
    return texts, counts.pop()


def encoder(model):
    """The function from texts to embeddings that a model's name stands for."""
    module, colon, function = model.partition(":")
    if colon and not Path(model).exists():
        sys.path.insert(0, os.getcwd())
        return getattr(importlib.import_module(module), function)
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model).encode


def encode(texts, function, batch):
    """The embeddings, an array of float32, one row a text."""
    blocks = []
    for start in range(0, len(texts), batch):
        part = texts[start : start + batch]
        block = np.asarray(function(part), dtype="<f4")
        if block.ndim != 2 or len(block) != len(part):
            raise SystemExit(f"the model: found shape {block.shape}; expected ({len(part)}, D)")
        if not np.isfinite(block).all():
            row = start + int(np.flatnonzero(~np.isfinite(block).all(axis=1))[0])
            raise SystemExit(f"the model: an embedding that is not finite, of row {row} (from 0)")
        blocks.append(block)
        print(f"\r{start + len(part)} of {len(texts)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return np.concatenate(blocks)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", type=Path, help="texts.jsonl")
    parser.add_argument("embeddings", type=Path, help="the .npy file to write")
    parser.add_argument("--model", required=True, help="name, folder or MODULE:FUNCTION")
    parser.add_argument("--batch", type=int, default=256, help="texts at a time (256)")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    args = parser.parse_args()
    if args.embeddings.suffix != ".npy":
        parser.error(f"{args.embeddings}: the name must end in .npy")
    if args.embeddings.exists() and not args.force:
        parser.error(f"{args.embeddings}: the file exists; --force replaces it")
    texts, responses = read_texts(args.texts)
    embeddings = encode(texts, encoder(args.model), args.batch)
    if responses is not None:
        embeddings = embeddings.reshape(-1, responses, embeddings.shape[1])
    draft = args.embeddings.with_name(f".{args.embeddings.name}")
    np.save(draft, embeddings)
    os.replace(draft, args.embeddings)
    print(f"{args.embeddings}: shape {embeddings.shape}")


if __name__ == "__main__":
    main()
