//! The memory that a device needs, in the tables of `core/README.md`: bytes, which are the same on
//! every machine. With `PAIRPICK_WRITE` set the tables are written; a change there is one that users
//! of devices read about.

use std::fs;
use std::path::Path;

use pairpick_core::head::newton;
use pairpick_core::pool::{Comparison, PoolSize};
use pairpick_core::select::{Options, Sizes, Strategy};
use pairpick_core::topk::Scored;
use pairpick_core::trunk::{Activation, Mlp, train};

const ORDERS: [usize; 3] = [16, 32, 64];
const PROMPTS: [usize; 4] = [10, 20, 50, 100];
const REPLIES: usize = 10;
const BATCH: usize = 10;
const ANSWERS: usize = 100;
const STRATEGIES: [Strategy; 5] = [
    Strategy::Entropy,
    Strategy::Dopt,
    Strategy::PaDopt,
    Strategy::GreedyDopt,
    Strategy::RobustVOpt,
];

fn page() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/README.md")
}

/// Holds the lines between the marks of a table to these, or writes them.
fn keep(name: &str, table: &[String]) {
    let page = page();
    let text = fs::read_to_string(&page).expect("the page");
    let begin = text.find(&format!("<!-- {name}:")).expect("where the table begins");
    let begin = begin + text[begin..].find('\n').expect("the end of a line") + 1;
    let end = text.find(&format!("<!-- end of {name}")).expect("where the table ends");
    let table = table.join("\n") + "\n";
    if std::env::var_os("PAIRPICK_WRITE").is_some() {
        fs::write(page, [&text[..begin], &table, &text[end..]].concat()).expect("a page written");
    } else {
        assert_eq!(&text[begin..end], table, "{name}: what the page says, and what is so");
    }
}

/// 12345 as 12,345.
fn grouped(bytes: usize) -> String {
    let digits = bytes.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    cells.into_iter().fold("|".into(), |row, cell| format!("{row} {cell} |"))
}

/// What a selection works in, its batch among it.
fn selection(strategy: Strategy, order: usize, prompts: usize) -> usize {
    let pool = PoolSize::uniform(order, prompts, REPLIES);
    let sizes = Sizes { pool, batch: BATCH, threads: 1 };
    let len = strategy.workspace_len(&sizes, &Options::<f32>::DEFAULT);
    len.bytes::<f32>() + BATCH * size_of::<Scored<f32>>()
}

/// What a fit of the head works in, its answers among it.
fn fit(order: usize, items: usize) -> usize {
    let numbers = newton::workspace_len(1, order, items, ANSWERS);
    numbers * size_of::<f32>() + ANSWERS * size_of::<Comparison<f32>>()
}

/// What a training works in, its parameters and answers among it.
fn training(mlp: &Mlp) -> usize {
    let numbers = train::workspace_len(1, mlp, ANSWERS, ANSWERS, None) + mlp.parameters();
    numbers * size_of::<f32>() + ANSWERS * size_of::<Comparison<f32>>()
}

#[test]
fn selections_and_fits() {
    let names = STRATEGIES.map(|strategy| format!("`{}`", strategy.name()));
    let first = ["H".into(), "items".into()];
    let head = row(first.into_iter().chain(names).chain(["head".into()]));
    let rule = row((0..STRATEGIES.len() + 3).map(|_| "--:".into()));
    let mut table = vec![head, rule];
    for order in ORDERS {
        for prompts in PROMPTS {
            let items = prompts * REPLIES;
            let selections = STRATEGIES.map(|strategy| selection(strategy, order, prompts));
            let bytes = selections.into_iter().chain([fit(order, items)]).map(grouped);
            table.push(row([order.to_string(), grouped(items)].into_iter().chain(bytes)));
        }
    }
    keep("sizes", &table);
}

#[test]
fn networks() {
    let mut table = vec![row(["network".into(), "bytes".into()]), row(["---".into(), "--:".into()])];
    for (inputs, width) in [(384, 16), (384, 32), (384, 64)] {
        let mlp = Mlp::new(inputs, [width; 3], Activation::Gelu).expect("a network");
        let name = format!("{inputs}-{width}-{width}-{width}-1");
        table.push(row([name, grouped(training(&mlp))]));
    }
    keep("networks", &table);
}
