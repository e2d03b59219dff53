"""Exports through the readers that they are for, and what these write through `pairpick import`:
check.py FIXTURE FOLDER."""

import json
import subprocess
import sys
from pathlib import Path

import argilla
import datasets
import numpy as np
from trl.data_utils import is_conversational, maybe_extract_prompt, unpair_preference_dataset

ENCODE = Path(__file__).parents[2] / "host/encode.py"
PROMPTS = 4


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def load(path):
    kind = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}[path.suffix]
    return datasets.load_dataset(kind, data_files=str(path), split="train")


def pairs(fixture):
    """Two replies to each of a few prompts, the better one first."""
    for number, row in enumerate(lines(fixture / "texts.jsonl")[:PROMPTS]):
        first, second = row["responses"][:2]
        yield {"prompt": row["prompt"], "chosen": first, "rejected": second, "source": f"s{number}"}


def chats(fixture):
    """The same as messages, with the prompt in both."""
    for row in pairs(fixture):
        turn = {"role": "user", "content": row["prompt"]}
        side = lambda name: [turn, {"role": "assistant", "content": row[name]}]
        yield {"chosen": side("chosen"), "rejected": side("rejected")}


def check_trl(work, name, rows):
    """Through `datasets` and TRL's own functions, and back from what `datasets` writes."""
    write(work / f"{name}.jsonl", rows)
    run("pairpick", "import", work / f"{name}.jsonl", "--out", work / name)
    # TRL's word for what the source says, if it leaves the prompt to be found.
    expected = [maybe_extract_prompt(row) for row in rows]
    for ending in ("jsonl", "json", "parquet"):
        out = work / f"{name}-out.{ending}"
        run("pairpick", "export", "--data", work / name, "--format", "trl", "--out", out)
        found = load(out)
        for part in ("prompt", "chosen", "rejected"):
            assert [row[part] for row in expected] == list(found[part]), (name, ending, part)
        assert is_conversational(found[0]) == (name == "chats")
        texts = found.select_columns(["prompt", "chosen", "rejected"])
        assert len(unpair_preference_dataset(texts)) == 2 * len(rows)
        again = work / f"{name}-again.{ending}"
        if ending == "parquet":
            found.to_parquet(again)
        else:
            found.to_json(again, lines=ending == "jsonl")
        run("pairpick", "import", again, "--out", work / f"{name}-{ending}")
        for file in ("texts.jsonl", "labels.jsonl"):
            theirs, ours = work / f"{name}-{ending}" / file, work / name / file
            assert lines(theirs) == lines(ours), (name, ending, file)
    print(f"datasets {datasets.__version__} and trl read {name}, and back")


def check_csv(work):
    out = work / "pairs-out.csv"
    run("pairpick", "export", "--data", work / "pairs", "--format", "pairs", "--out", out)
    found, rows = load(out), lines(work / "pairs.jsonl")
    assert list(found["response_a"]) == [row["chosen"] for row in rows]
    assert set(found["label"]) == {"a"}
    found.to_csv(work / "pairs-again.csv")
    run("pairpick", "import", work / "pairs-again.csv", "--out", work / "pairs-csv")
    for file in ("texts.jsonl", "labels.jsonl"):
        assert lines(work / "pairs-csv" / file) == lines(work / "pairs" / file), file
    print("datasets reads CSV, and back")


def check_argilla(work):
    """Records of Argilla's own from the export, and an import of what Argilla writes."""
    out = work / "argilla.json"
    run("pairpick", "export", "--data", work / "pairs", "--format", "argilla", "--out", out)
    records = [argilla.Record.from_dict(row) for row in json.loads(out.read_text())]
    assert [record.fields["response_a"] for record in records] == [
        row["chosen"] for row in lines(work / "pairs.jsonl")
    ]
    assert all(response.value == "a" for record in records for response in record.responses)
    again = work / "argilla-again.json"
    again.write_text(json.dumps([record.to_dict() for record in records]))
    run("pairpick", "import", again, "--out", work / "argilla")
    labels, ours = lines(work / "argilla/labels.jsonl"), lines(work / "pairs/labels.jsonl")
    for label in labels:
        label.pop("id")
    assert labels == ours
    print(f"argilla {argilla.__version__} reads its export, and back")


def check_encoder(fixture, work):
    """The script, by the model that the fixture's embeddings were made with."""
    rows = lines(fixture / "texts.jsonl")[:PROMPTS]
    ratings = [{**row, "scores": list(range(len(row["responses"])))} for row in rows]
    write(work / "ratings.jsonl", ratings)
    run("pairpick", "import", work / "ratings.jsonl", "--out", work / "ratings")
    out, texts = work / "ratings/embeddings.npy", work / "ratings/texts.jsonl"
    model = "--model=minilm:encode"
    subprocess.run([sys.executable, ENCODE, texts, out, model], check=True, cwd=Path(__file__).parent)
    found, expected = np.load(out), np.load(fixture / "embeddings.npy")[:PROMPTS]
    assert found.dtype == np.float32
    assert np.allclose(found, expected.reshape(found.shape), atol=1e-5)
    prompts, again = work / "prompts.jsonl", work / "prompts.npy"
    write(prompts, rows)
    subprocess.run([sys.executable, ENCODE, prompts, again, model], check=True, cwd=Path(__file__).parent)
    assert np.allclose(np.load(again), expected, atol=1e-5)
    data = ["--train-embeddings", out, "--train-prompt-ids", texts]
    data += ["--labels", work / "ratings/labels.jsonl"]
    run("pairpick", "train", *data, "--out", work / "model.safetensors")
    print("encode.py makes the fixture's embeddings, and train takes them")


def main():
    fixture, work = map(Path, sys.argv[1:])
    check_trl(work, "pairs", list(pairs(fixture)))
    check_trl(work, "chats", list(chats(fixture)))
    check_csv(work)
    check_argilla(work)
    check_encoder(fixture, work)


if __name__ == "__main__":
    main()
