"""`pairpick label --web` at work."""

import json
import re
import signal
import struct
import subprocess


class Served:
    """The program while it serves; what it says at its end is `told`."""

    def __init__(self, folder, *arguments, session="s.db", annotators=1):
        command = ["pairpick", "label", "--web", f"--session={session}", f"--annotators={annotators}"]
        self.process = subprocess.Popen(
            [*command, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.addresses = [self.process.stdout.readline().strip() for _ in range(annotators)]
        if not all(self.addresses):
            raise AssertionError(self.process.stderr.read())
        self.told = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            _, self.told = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        assert self.process.returncode == 0, (self.process.returncode, self.told)


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
