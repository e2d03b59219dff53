//! Pools that the data cannot make: refused before anything is asked.

use std::fs;

use super::{Case, good};

#[test]
fn pools_that_the_data_cannot_make() {
    let case = Case::new();
    case.fails(&["--pool", "listed"], &["--pool listed: needs --candidates"]);
    case.command_fails("select", &["--pool", "listed"], &["--pool listed: needs --candidates"]);
    case.fails(&["--pairs", "0"], &["--pairs 0", "at least 1"]);
    case.command_fails("select", &["--pairs", "0"], &["--pairs 0", "at least 1"]);
    case.fails(&["--pairs", "some"], &["--pairs", "expected all, or how many"]);
    case.fails(&["--pairs", "13"], &["--pairs 13: at most 12"]);
    let cross = ["--pool", "cross-prompt", "--pairs"];
    case.fails(&[&cross[..], &["67"]].concat(), &["--pairs 67: at most 66"]);
    let few = ["--pool", "cross-prompt", "--prompts-per-round", "2", "--pairs", "16"];
    case.fails(&few, &["--pairs 16: at most 15"]);
    case.fails(&["--pairs", "4", "--batch", "5"], &["--batch 5: at most 4"]);
}

#[test]
fn pools_too_large_for_the_strategy() {
    let case = Case::new();
    for strategy in ["coreset", "bald", "batchbald"] {
        let all = ["--pool", "cross-prompt", "--strategy", strategy];
        let message = ["--pairs all: --strategy", strategy, "one by one", "such as 20000"];
        case.fails(&all, &message);
        case.command_fails("select", &all, &message);
    }
    let few = ["--strategy", "coreset", "--clusters", "13"];
    case.fails(&few, &["--clusters 13: at most 12"]);
    let few = ["--strategy", "coreset", "--clusters", "2185"];
    case.command_fails("select", &few, &["--clusters 2185: at most 2184"]);
}

#[test]
fn caps_and_misfits_that_mean_nothing() {
    let case = Case::new();
    for text in ["item:0", "prompt:0"] {
        case.fails(&["--distinct", text], &["--distinct", text, "at least one pair"]);
        case.command_fails("select", &["--distinct", text], &["--distinct", text]);
    }
    for text in ["1", "pair:1", "item:x", "prompt:-1", ""] {
        case.fails(&["--distinct", text], &["--distinct", "expected off, item:N, prompt:N, even"]);
    }
    for strategy in ["coreset", "bald", "batchbald"] {
        let capped = ["--strategy", strategy, "--distinct", "item:1"];
        case.fails(&capped, &[strategy, "does not read --distinct"]);
    }
    let mixed = ["--strategy", "dopt", "--distinct", "item:1", "--mix", "0.5"];
    case.fails(&mixed, &["--mix 0.5", "--distinct"]);
    let mixed = ["--strategy", "robust-v-opt", "--mix", "0.5"];
    case.fails(&mixed, &["--mix 0.5", "robust-v-opt"]);
    for value in ["-1", "nan", "inf", "1e60"] {
        case.fails(&["--misfit", value], &["--misfit", "not negative"]);
    }
    for value in ["-1", "0", "nan", "inf", "1e60", "1e-60"] {
        let precision = ["--strategy", "robust-v-opt", "--design-precision", value];
        case.fails(&precision, &["--design-precision", "above 0"]);
    }
}

#[test]
fn rows_of_no_prompt_have_no_pairs_within_one() {
    let case = Case::new();
    case.write("embeddings.npy", &good(&[12, 5]));
    case.write("rewards.npy", &good(&[12]));
    let message = ["embeddings.npy: shape (12, 5)", "--train-prompt-ids", "--pool cross-prompt"];
    case.fails(&[], &message);
    case.command_fails("select", &["--train-embeddings", "embeddings.npy"], &message);
    case.write("candidates.jsonl", b"{\"a\":[0,0],\"b\":[0,1]}\n");
    let listed = ["--candidates", "candidates.jsonl"];
    case.fails(&listed, &["candidates.jsonl", "line 1", "item [0, 0]", "by their rows"]);
    case.write("test.npy", &good(&[12, 5]));
    let test = ["--test-embeddings", "test.npy", "--test-rewards", "rewards.npy"];
    let cross = [&["--pool", "cross-prompt"], &test[..]].concat();
    case.fails(
        &cross,
        &["test.npy: shape (12, 5)", "(N prompts, K responses", "--test-prompt-ids"],
    );
}

#[test]
fn candidates_that_cannot_be_asked_about() {
    let case = Case::new();
    let listed = ["--candidates", "candidates.jsonl"];
    let fails = |text: &str, message: &[&str]| {
        case.write("candidates.jsonl", text.as_bytes());
        let whole = [message, &["candidates.jsonl"]].concat();
        case.both_fail(&[&listed[..], &["--batch", "1"]].concat(), &whole);
    };
    case.fails(&["--candidates", "-"], &["--candidates -", "must be a file"]);
    #[cfg(unix)]
    case.fails(&["--candidates", "/dev/null"], &["--candidates /dev/null", "must be a file"]);
    fails("", &["no pair in it"]);
    fails("{\"a\":[0,0],\"b\":[4,0]}\n", &["line 1", "item [4, 0]", "the last one is [3, 2]"]);
    fails("{\"a\":[0,0],\"b\":[1,3]}\n", &["line 1", "item [1, 3]"]);
    fails("{\"a\":1,\"b\":2}\n", &["line 1", "item 1", "[prompt, response]"]);
    fails("{\"a\":[1,1],\"b\":[1,1]}\n", &["line 1", "[1, 1]"]);
    let pair = "{\"a\":[0,0],\"b\":[3,2]}\n";
    let swapped = "{\"a\":[3,2],\"b\":[0,0]}\n";
    fails(&[pair, "\n", swapped].concat(), &["line 3", "stands in line 1 already"]);
    let answered = "{\"a\":[1,0],\"b\":[3,2],\"label\":1}\n";
    fails(&[pair, answered].concat(), &["line 2", "has a label, and line 1 has none"]);
    fails(&[answered, pair].concat(), &["line 2", "has no label, and line 1 has one"]);
    let embeddings = ["--train-embeddings", "embeddings.npy"];
    let twice = [&embeddings[..], &["--labels", "-", "--candidates", "-"]].concat();
    case.command_fails("select", &twice, &["--candidates -: needs a file", "--labels"]);
    fs::remove_file(case.path("candidates.jsonl")).unwrap();
    case.both_fail(&listed, &["candidates.jsonl: no such file"]);
}

#[test]
fn answers_that_nobody_knows() {
    let case = Case::new();
    let pairs: String = (1..4).map(|b| format!("{{\"a\":[0,0],\"b\":[{b},0]}}\n")).collect();
    case.write("candidates.jsonl", pairs.as_bytes());
    let alone = ["--train-embeddings", "embeddings.npy", "--candidates", "candidates.jsonl"];
    let labels = "--oracle recorded: needs --candidates with a label in each line";
    case.fails_alone(&alone, &[labels, "--train-rewards"]);
    case.fails_alone(&alone[..2], &["--train-rewards", "--candidates"]);
    case.fails_alone(&alone[2..], &["--train-embeddings"]);
    for oracle in ["bt", "argmax"] {
        let typed = [&alone[..], &["--oracle", oracle]].concat();
        case.fails_alone(&typed, &["--oracle", oracle, "needs --train-rewards"]);
    }
    let recorded = ["--oracle", "recorded"];
    case.fails(&recorded, &[labels]);
    case.fails(&[&alone[2..], &recorded].concat(), &[labels]);
    case.fails(&[&alone[2..], &["--batch", "4"]].concat(), &["--batch 4: at most 3"]);
    case.fails(&[&alone[2..], &["--pairs", "4"]].concat(), &["--pairs 4: at most 3"]);
    let both = [&alone[2..], &["--pool", "cross-prompt"]].concat();
    case.fails(&both, &["--candidates", "--pool", "cannot be used with"]);
}
