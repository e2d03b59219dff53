"""`pairpick label --web` at work."""

import contextlib
import json
import re
import signal
import struct
import subprocess


@contextlib.contextmanager
def served(folder, *arguments, annotators=1):
    """Serves a session in a folder; the addresses of its annotators."""
    command = ["pairpick", "label", "--web", "--session", "s.db", f"--annotators={annotators}", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield [process.stdout.readline().strip() for _ in range(annotators)]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, process.returncode
    finally:
        process.kill()
        process.wait()


def embeddings(path, shape, values):
    """Writes an array of f32 as .npy."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    path.write_bytes(head + struct.pack(f"<{len(values)}f", *values))


def texts(path, prompts):
    """Writes prompts with their responses."""
    lines = [json.dumps({"prompt": prompt, "responses": responses}) for prompt, responses in prompts]
    path.write_text("".join(f"{line}\n" for line in lines))


def answered(browser):
    """How many answers the page says there are."""
    return int(re.search(r"answered (\d+)", browser.text("#status"))[1])
