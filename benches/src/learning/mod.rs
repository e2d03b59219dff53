//! How well models learn from so many labels, by strategy, on every set of data that is at hand.
//!
//! - [`sets`]: the data, and how a seed splits it;
//! - [`cells`]: what is learnt by which recipe: a set, a recipe and a seed are a cell;
//! - [`rivals`]: the cells of strategies by others, and [`rival_tables`];
//! - [`measure`]: a model on the test prompts, prompt by prompt;
//! - [`store`]: the cells that have ended, a line each: none is worked on twice;
//! - [`results`], [`statistics`]: what came of them over the seeds;
//! - [`tables`], [`reach`]: that as tables, and beside the bars that it should reach;
//! - [`page`]: the tables in their places on a page.

use std::error;

pub mod cells;
pub mod measure;
pub mod page;
pub mod reach;
pub mod results;
pub mod rival_tables;
pub mod rivals;
pub mod sets;
pub mod statistics;
pub mod store;
pub mod tables;

/// Whatever goes wrong, in whichever thread.
pub type Failure = Box<dyn error::Error + Send + Sync>;
