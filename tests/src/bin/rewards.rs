//! The rewards that pairpick's own arithmetic gives to every row of an embeddings' file, one a line,
//! for other programs to compare theirs with.
//!
//! ```text
//! cargo run -p pairpick-tests --bin rewards MODEL EMBEDDINGS
//! ```

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use pairpick::data::embeddings::Embeddings;
use pairpick::model::Model;
use pairpick_tests::model::rewards_of;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, embeddings] = arguments.as_slice() else {
        eprintln!("usage: rewards MODEL EMBEDDINGS");
        return ExitCode::from(2);
    };
    match print(Path::new(model), Path::new(embeddings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn print(model: &Path, embeddings: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::open(model)?;
    let embeddings = Embeddings::open(embeddings)?;
    let mut rows = vec![0.0; usize::try_from(embeddings.values())?];
    embeddings.read_prompts(0..embeddings.prompts(), &mut rows)?;
    let mut out = std::io::stdout().lock();
    for reward in rewards_of(&model, &rows) {
        writeln!(out, "{reward}")?;
    }
    Ok(())
}
