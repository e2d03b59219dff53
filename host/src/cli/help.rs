//! The help that is more than a line an option.

use std::collections::BTreeMap;

use clap::{Args, Command};
use serde_json::Value;

use super::groups::FeatureOptions;
use crate::named::Named;
use crate::settings::{Answers, Asking, Measuring, Preset, Prior, Settings, Training};

/// After `pairpick --help`.
pub(super) const TOP: &str = "\
Examples:
  pairpick run                     the bundled data, in seconds
  pairpick run --help              what can be changed
  pairpick label                   answer questions yourself, about the bundled data
  pairpick compare                 strategies beside each other, on a page
  pairpick select --help           a batch of pairs for people to answer, and what follows
  pairpick device --help           a labelling device that selects pairs offline
  pairpick import FILE --out DIR   preferences of TRL, Argilla, Label Studio and others
  pairpick verify                  does this machine compute the right bits?
  pairpick cost                    what a round will take, here or elsewhere

Exit codes: 0 done, 1 a check failed, 2 bad input or usage, 130 interrupted.";

/// After `pairpick run --help`.
pub(super) const RUN: &str = "\
Examples:
  Try it, on the data that comes with the program:
    pairpick run

  A run alone, and a strategy beside another over 10 seeds:
    pairpick run --beside none --out alone
    pairpick run --strategy pa-dopt --beside entropy --seeds 10 --out compared

  Your own embeddings, (N prompts, K responses, D), and golden rewards, (N, K):
    pairpick run --train-embeddings train.npy --train-rewards train_rewards.npy \\
                 --test-embeddings test.npy --test-rewards test_rewards.npy --out run1

  The same from a folder with files of these names, and beside random pairs over 20 seeds:
    pairpick run --data folder --out run1
    pairpick run --data folder --beside random --out run2

  Prompts of any size: (M, D) and (M,), and the prompt of each row in a field of its record:
    pairpick run --train-embeddings rows.npy --train-rewards row_rewards.npy \\
                 --train-prompt-ids rows.jsonl --prompt-fields prompt --out sizes

  Two of any responses, and only so many pairs on offer each round:
    pairpick run --pool cross-prompt --pairs 20000 --out across

  Only the pairs of a list, answered by the labels that stand in it:
    pairpick run --train-embeddings items.npy --candidates pairs.jsonl --out listed

  The same, measured on answers that it never asks for:
    pairpick run --train-embeddings items.npy --candidates pairs.jsonl \\
                 --test-labels held_out.jsonl --out measured

  The paper's recipe, and only the numbers for another program:
    pairpick run --preset paper --json > run.json

  Go on after an interruption, with the name that was given to --out:
    pairpick run --resume run1";

/// After `pairpick label --help`.
#[cfg(feature = "label")]
pub(super) const LABEL: &str = "\
Examples:
  Try it, on the replies that come with the program:
    pairpick label

  Your own embeddings, (N prompts, K responses, D), and their texts:
    pairpick label --train-embeddings train.npy --texts texts.jsonl --session mine.db

  The same from a folder with files of these names, a tenth of the questions asked twice:
    pairpick label --data folder --session mine.db --swap-check 0.1

  On a page in a browser, for three people at once:
    pairpick label --data folder --session mine.db --web --annotators 3

  The answers as labels, and the model that has learnt from them:
    pairpick label --data folder --session mine.db --export labels.jsonl
    pairpick train --data folder --labels labels.jsonl --out model.safetensors

  The answers into a new session, by the same data and options:
    pairpick label --data folder --session new.db --import labels.jsonl";

/// After `pairpick compare --help`.
pub(super) const COMPARE: &str = "\
Examples:
  The bundled data, nine strategies:
    pairpick compare --out compared

  Is choosing worth it on your data? A first look, then more seeds: what has run stays:
    pairpick compare --data folder --quick --out compared
    pairpick compare --data folder --strategies robust-v-opt,dopt --seeds 20 --out compared

  What batch, pool and features change, all with the same number of labels:
    pairpick compare --data folder --strategies dopt,robust-v-opt --labels 1000 \\
                     --batch 125,250,500,1000 --pool in-prompt,cross-prompt \\
                     --features mlp,kernel --out grid

  The paper's strategies by its own recipe, on other data than its own:
    pairpick compare --data folder --preset paper --pool in-prompt,cross-prompt --out paper";

/// After `pairpick import --help`.
pub(super) const IMPORT: &str = "\
Examples:
  TRL's preferences, or any file whose fields tell what it is:
    pairpick import preferences.jsonl --out data

  A table with names of its own, and a look at it before anything is written:
    pairpick import arena.csv --column prompt=task --column label=verdict \\
                    --map 'no idea=skip' --out data --dry-run

  Answers to pairs that were exported, by the rows that they had:
    pairpick import answered.json --texts data/texts.jsonl --out round1";

/// After `pairpick export --help`.
pub(super) const EXPORT: &str = "\
Examples:
  For TRL's trainers, by the end of the name as JSON Lines, JSON, CSV or TSV:
    pairpick export --data data --format trl --out train.jsonl

  Labels of a run, with the texts of its rows:
    pairpick export --texts data/texts.jsonl --labels results/labels.jsonl \\
                    --format pairs --out answers.csv";

/// After `pairpick device --help`.
pub(super) const DEVICE: &str = "\
Examples:
  A pool from the data that comes with the program, to be written to a device's flash:
    pairpick device pack --items 200 --out pool.img

  Its answers home, and whether it selected what this machine computes:
    pairpick device import answers.log --image pool.img --out labels.jsonl
    pairpick device replay answers.log --image pool.img";

/// After `pairpick device pack --help`.
pub(super) const DEVICE_PACK: &str = "\
Examples:
  200 of the bundled replies, as robust-v-opt asks about them before there is a label:
    pairpick device pack --items 200

  Your own, in half the flash:
    pairpick device pack --data folder --items 1000 --precision f16 --out pool.img

  On from labels and the model that was trained on them:
    pairpick device pack --data folder --model model.safetensors --labels labels.jsonl \\
                         --strategy pa-dopt --out pool.img";

/// After `pairpick device info --help`.
pub(super) const DEVICE_INFO: &str = "\
Examples:
  pairpick device info pool.img
  pairpick device info answers.log --json";

/// After `pairpick device import --help`.
pub(super) const DEVICE_IMPORT: &str = "\
Examples:
  pairpick device import first.log second.log --image pool.img --out labels.jsonl
  pairpick train --labels labels.jsonl --repeats keep --out model.safetensors
  pairpick device import first.log second.log --image pool.img --session pairpick-session.db";

/// After `pairpick device replay --help`.
pub(super) const DEVICE_REPLAY: &str = "\
Examples:
  pairpick device replay answers.log --image pool.img

Exit codes: 0 the same, 1 a selection differs, 2 bad input or usage.";

/// After `pairpick completions --help`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  pairpick completions bash > ~/.local/share/bash-completion/completions/pairpick
  pairpick completions fish > ~/.config/fish/completions/pairpick.fish";

/// After `pairpick man --help`.
pub(super) const MAN: &str = "\
Examples:
  pairpick man | man -l -
  pairpick man --out ~/.local/share/man/man1";

/// After `pairpick select --help`.
pub(super) const SELECT: &str = "\
Examples:
  The first round, by a design that needs no answers:
    pairpick select --train-embeddings train.npy --batch 125 > round1.jsonl

  Once each line has its \"label\":
    pairpick train --train-embeddings train.npy --labels labels.jsonl --out model.safetensors
    pairpick select --train-embeddings train.npy --labels labels.jsonl \\
                    --model model.safetensors --batch 125 > round2.jsonl

  Across prompts, or from a list of pairs:
    pairpick select --train-embeddings train.npy --pool cross-prompt > round1.jsonl
    pairpick select --train-embeddings items.npy --candidates pairs.jsonl > round1.jsonl

  From a pipe, and only what there is to be gained:
    cat round*.jsonl | pairpick select --train-embeddings train.npy --labels - \\
                    --model model.safetensors --strategy pa-dopt > /dev/null";

/// After `pairpick train --help`.
pub(super) const TRAIN: &str = "\
Examples:
  The model of a run's last round, once more:
    pairpick train --labels pairpick-out/labels.jsonl

  What import and an encoder left in a folder: embeddings.npy, texts.jsonl and labels.jsonl:
    pairpick train --data folder

  Your own embeddings and labels:
    pairpick train --train-embeddings train.npy --labels labels.jsonl --out model.safetensors

  A network, with the loss curve drawn:
    pairpick train --preset mlp --train-embeddings train.npy --labels labels.jsonl \\
                   --out network.safetensors --curve loss.svg

  Go on from an earlier network:
    pairpick train --preset mlp --train-embeddings train.npy --labels labels.jsonl \\
                   --init warm --model round1.safetensors --out round2.safetensors

  The last layer of a model alone, its prior chosen by the evidence of the labels:
    pairpick train --train-embeddings train.npy --labels labels.jsonl \\
                   --last-layer --prior-precision auto \\
                   --model model.safetensors --out fitted.safetensors";

/// After `pairpick eval --help`.
pub(super) const EVAL: &str = "\
Examples:
  The model of a run, on the test part of the bundled data:
    pairpick eval --model pairpick-out/model.safetensors

  Against golden rewards, (N, K):
    pairpick eval --model model.safetensors \\
                  --test-embeddings test.npy --test-rewards test_rewards.npy --best-of 2,8

  Against labels that the model has not seen:
    pairpick eval --model model.safetensors \\
                  --test-embeddings test.npy --test-labels held_out.jsonl --json";

/// After `pairpick score --help`.
pub(super) const SCORE: &str = "\
Examples:
  The rewards of a run's model, on the test part of the bundled data:
    pairpick score --model pairpick-out/model.safetensors

  The best response to each prompt, and how sure that is by the labels:
    pairpick score --model model.safetensors --embeddings test.npy --best \\
                   --labels labels.jsonl --train-embeddings train.npy

  The rewards as an array:
    pairpick score --model model.safetensors --embeddings test.npy --out rewards.npy";

/// After `pairpick cost --help`.
pub(super) const COST: &str = "\
Examples:
  The paper's round, within prompts and across them, on this machine:
    pairpick cost
    pairpick cost --pool cross-prompt --threads 2

  20,000 listed pairs, embeddings of 2,048 numbers, 10,000 labels:
    pairpick cost --pairs 20000 --dimensions 2048 --labels 10000

  The default recipe, fitted to 400,000 responses:
    pairpick cost --features kernel --training-items 400000

  A machine that is described:
    pairpick cost --gflops 50 --bandwidth 20 --threads 8

  20 prompts on a microcontroller:
    pairpick cost --items 200 --hidden 32,32,32 --precision f32 --device cortex-m4f --mhz 168

Described machines get a lower bound: their peak. Predictions for this machine are within twice of
what is measured, either way, unless something else runs beside; scores of dozens of responses a
prompt are predicted up to three times too long.";

/// After `pairpick run --help`, in full.
pub(super) fn run() -> String {
    format!("{RUN}\n\n{}", presets(options(), |settings| settings))
}

/// After `pairpick select --help`, in full.
pub(super) fn select() -> String {
    let options =
        settings_of(&[Asking::augment_args, FeatureOptions::augment_args, Prior::augment_args]);
    format!("{SELECT}\n\n{}", presets(options, super::select::Args::certified))
}

/// After `pairpick train --help`, in full.
pub(super) fn train() -> String {
    let options =
        settings_of(&[FeatureOptions::augment_args, Training::augment_args, Prior::augment_args]);
    format!("{TRAIN}\n\n{}", presets(options, |settings| settings))
}

/// After `pairpick eval --help`, in full.
pub(super) fn eval() -> String {
    let best_of = |settings: &Settings| told(&settings.measuring.best_of.clone().into());
    format!(
        "{EVAL}\n\nWithout --best-of it is {}, as far as a test prompt has so many responses; {} on \
         the bundled data.",
        best_of(&Settings::default()),
        best_of(&Settings::default().sized_for_bundled())
    )
}

/// The recipes side by side, as they are in the code and a command adapts them: a line for each of
/// its options that is a setting.
fn presets(options: Command, adapted: fn(Settings) -> Settings) -> String {
    let recipe = |preset: &Preset| adapted(Settings::of_preset(*preset));
    let recipes: Vec<BTreeMap<String, Value>> =
        Preset::ALL.iter().map(|preset| values(&recipe(preset))).collect();
    let bundled = values(&recipe(&Preset::Default).sized_for_bundled());
    let mut text = "What a preset means (options override it):\n".to_owned();
    line(&mut text, "", Preset::ALL.iter().map(|preset| preset.name().to_owned()));
    let mut sized = Vec::new();
    for argument in options.get_arguments() {
        let id = argument.get_id().as_str();
        let option = format!("--{}", id.replace('_', "-"));
        let values = recipes.iter().map(|recipe| recipe.get(id).map_or("–".to_owned(), told));
        line(&mut text, &option, values);
        if let Some(value) = bundled.get(id).filter(|value| recipes[0].get(id) != Some(value)) {
            sized.push(format!("{option} {}", told(value)));
        }
    }
    if !sized.is_empty() {
        text.push_str(&format!("\nOn the bundled data: {}.\n", sized.join(", ")));
    }
    text
}

/// The options of all groups of settings.
fn options() -> Command {
    settings_of(&[
        Asking::augment_args,
        FeatureOptions::augment_args,
        Training::augment_args,
        Prior::augment_args,
        Answers::augment_args,
        Measuring::augment_args,
    ])
}

/// The options of these groups.
fn settings_of(groups: &[fn(Command) -> Command]) -> Command {
    groups.iter().fold(Command::new("settings"), |command, group| group(command))
}

/// The settings of all groups by their names.
fn values(settings: &Settings) -> BTreeMap<String, Value> {
    let Ok(Value::Object(groups)) = serde_json::to_value(settings) else {
        return BTreeMap::new();
    };
    let settings = groups.into_iter().filter_map(|(_, group)| match group {
        Value::Object(settings) => Some(settings),
        _ => None,
    });
    let option = |(name, value): (String, Value)| match name.as_str() {
        "trunk" => ("features".to_owned(), value),
        _ => (name, value),
    };
    settings.flatten().map(option).collect()
}

/// A value as its option takes it. What is not set is left to the strategy.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "by strategy".to_owned(),
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Number(number) => {
            number.as_f64().map_or_else(String::new, |value| value.to_string())
        }
        Value::String(word) => word.clone(),
        Value::Array(values) => values.iter().map(told).collect::<Vec<_>>().join(","),
        Value::Object(_) => String::new(),
    }
}

fn line(text: &mut String, option: &str, values: impl Iterator<Item = String>) {
    let mut line = format!("  {option:<20}");
    for value in values {
        line.push_str(&format!("{value:<14}"));
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{options, values};
    use crate::settings::{Preset, Settings};

    #[test]
    fn every_setting_is_an_option_and_every_option_a_setting() {
        let options = options();
        let options: BTreeSet<&str> =
            options.get_arguments().map(|argument| argument.get_id().as_str()).collect();
        let recipes =
            [Preset::Default, Preset::Mlp].map(|preset| values(&Settings::of_preset(preset)));
        let settings: BTreeSet<&str> =
            recipes.iter().flat_map(|recipe| recipe.keys().map(String::as_str)).collect();
        assert_eq!(options, settings);
    }
}
