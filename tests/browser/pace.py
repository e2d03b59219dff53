"""How long the page waits from an answer to the next question, while models learn in the background.

    cargo build --release && PATH=$PWD/target/release:$PATH python3 -B tests/browser/pace.py

A session over 22,500 pairs, answered by a script as fast as it is asked, over one connection as a browser
has it: milliseconds from sending an answer to having the next question, apart for those answers that
came while something was computed.
"""

import http.client
import json
import pathlib
import random
import statistics
import sys
import tempfile
import time

from served import Served, embeddings, texts

PROMPTS, RESPONSES, DIMENSIONS = 500, 10, 384
BATCH, ROUNDS = 50, 6
# Milliseconds, in the median while something is computed.
MOST = 50


class Page:
    def __init__(self, address):
        host, self.token = address.removeprefix("http://").split("/#")
        self.connection = http.client.HTTPConnection(host, timeout=600)

    def ask(self, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = None if body is None else json.dumps(body)
        self.connection.request("GET" if body is None else "POST", path, body, headers)
        response = self.connection.getresponse()
        told = json.loads(response.read())
        assert response.status == 200, told
        return told


def main(folder):
    draw = random.Random(1)
    values = [draw.gauss(0, 1) for _ in range(PROMPTS * RESPONSES * DIMENSIONS)]
    embeddings(folder / "e.npy", (PROMPTS, RESPONSES, DIMENSIONS), values)
    replies = lambda prompt: [f"Reply {reply} to {prompt}. " * 20 for reply in range(RESPONSES)]
    texts(folder / "t.jsonl", [(f"Prompt {at}", replies(at)) for at in range(PROMPTS)])
    own = ["--train-embeddings", "e.npy", "--texts", "t.jsonl", f"--batch={BATCH}", f"--rounds={ROUNDS}"]
    taken = {True: [], False: []}
    waits = 0
    with Served(folder, *own) as served:
        page = Page(served.addresses[0])
        told = page.ask("/api/question")
        while "ended" not in told["next"]:
            if "waiting" in told["next"]:
                waits += 1
                told = page.ask("/api/news")
                continue
            body = {"question": told["next"]["question"]["id"], "answer": draw.choice(["first", "second"])}
            began = time.perf_counter()
            told = page.ask("/api/answer", body | {"seconds": 1})
            working = told["status"]["working"] is not None
            # At the end of a batch a script waits for the next one, which a person's pace hides.
            if "question" in told["next"]:
                taken[working].append(1000 * (time.perf_counter() - began))
    for working, name in ((True, "while something is computed"), (False, "otherwise")):
        times = sorted(taken[working])
        if len(times) > 1:
            tail = statistics.quantiles(times, n=20)[-1]
            print(f"{name}: {len(times)} answers, median {statistics.median(times):.1f} ms, "
                  f"95 % within {tail:.1f} ms, longest {times[-1]:.1f} ms")
    print(f"looked {waits} times for a batch that was not there yet")
    if not statistics.median(taken[True]) < MOST:
        sys.exit(f"the median is to be below {MOST} ms")


with tempfile.TemporaryDirectory() as folder:
    main(pathlib.Path(folder))
