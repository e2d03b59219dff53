//! What picks a batch: against reference vectors, brute force, closed forms and real data. One
//! binary, since all of it compiles the same selections.

mod all_pairs;
mod alpaca;
mod averaged;
mod batches;
mod bounded;
mod certificate;
mod coreset;
mod drawn;
mod fixtures;
mod golden;
mod information;
mod micro;
mod mutual_information;
mod selection;
mod sequential;
