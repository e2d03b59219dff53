//! How the text of an option becomes its value, where clap alone cannot say.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use pairpick_core::trunk::mlp::LAYERS;

use crate::settings::Settings;
use crate::settings::named::Named;

/// One of the names of a choice; `--help` lists them with their meaning.
pub(super) fn choice<T: Named>() -> impl TypedValueParser<Value = T> {
    let values = T::ALL.iter().map(|value| PossibleValue::new(value.name()).help(value.about()));
    PossibleValuesParser::new(values)
        .try_map(|name| T::from_name(&name).ok_or_else(|| format!("unknown {} {name}", T::WHAT)))
}

/// When training stops early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EarlyStopping(pub Option<usize>);

pub(super) fn early_stopping(text: &str) -> Result<EarlyStopping, String> {
    match text {
        "off" => Ok(EarlyStopping(None)),
        "on" => Ok(EarlyStopping(Some(Settings::default_patience()))),
        number => number
            .parse()
            .map(|patience| EarlyStopping(Some(patience)))
            .map_err(|_| "expected on, off, or a number of iterations".to_owned()),
    }
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

pub(super) fn hidden(text: &str) -> Result<[usize; LAYERS], String> {
    let sizes: Result<Vec<usize>, _> = text.split(',').map(|size| size.trim().parse()).collect();
    sizes
        .ok()
        .and_then(|sizes| sizes.try_into().ok())
        .ok_or_else(|| format!("expected {LAYERS} sizes, such as 64,64,64"))
}
