//! The command as its users have it: a file a subject. One program, since to link each took longer than
//! to run it.

#[path = "../command/mod.rs"]
mod command;
#[path = "../folder/mod.rs"]
mod folder;
#[path = "../npy/mod.rs"]
mod npy;
#[path = "../refusal/mod.rs"]
mod refusal;

mod answers;
mod bundled;
mod cost;
mod covariates;
mod data_folder;
mod design_features;
mod features;
mod files;
mod grid;
mod identical;
mod label_free;
mod length;
mod manners;
mod messages;
mod outcome;
mod pipeline;
mod pools;
mod prior;
mod prompts;
mod rounds;
mod scales;
mod score;
mod skipped;
mod test_labels;
mod train;
mod verify;
mod worth;
