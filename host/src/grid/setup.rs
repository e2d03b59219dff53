//! [`Axis`]: what the set-ups of a grid may differ in, and what they are called by it.

use crate::data::pool_kind::PoolKind;
use crate::named::Named;
use crate::settings::{Architecture, Settings};

/// A setting in which set-ups may differ.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// What it is, in words.
    pub name: &'static str,
    /// The figures of the paper that a picture along it stands for.
    pub figures: &'static str,
    /// Its value; none where the set-up has no such setting.
    pub value: fn(&Settings) -> Option<String>,
}

/// All of them.
pub const AXES: [Axis; 5] = [
    Axis {
        name: "pairs",
        figures: "16 to 18",
        value: |settings| {
            Some(match settings.asking.pool {
                PoolKind::Listed => "of the list".to_owned(),
                pool => pool.name().to_owned(),
            })
        },
    },
    Axis {
        name: "batch",
        figures: "4 and 10 to 15",
        value: |settings| Some(settings.asking.batch.to_string()),
    },
    Axis {
        name: "features",
        figures: "",
        value: |settings| Some(settings.model.features().name().to_owned()),
    },
    Axis {
        name: "prompts a round",
        figures: "19 to 21",
        value: |settings| Some(settings.asking.prompts_per_round.to_string()),
    },
    Axis {
        name: "hidden units",
        figures: "22 to 24",
        value: |settings| match &settings.model {
            Architecture::Mlp(network) => {
                Some(network.hidden.map(|size| size.to_string()).join(","))
            }
            Architecture::Kernel(_) | Architecture::Input => None,
        },
    },
];

/// The axes on which set-ups have more than one value.
#[must_use]
pub fn varied(setups: &[Settings]) -> Vec<&'static Axis> {
    let differs = |axis: &&Axis| {
        let mut values = setups.iter().filter_map(axis.value);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    AXES.iter().filter(differs).collect()
}

/// What a set-up is called, by the axes that tell it from others.
#[must_use]
pub fn title(setup: &Settings, axes: &[&Axis]) -> String {
    let told = |axis: &&Axis| (axis.value)(setup).map(|value| format!("{} {value}", axis.name));
    axes.iter().filter_map(told).collect::<Vec<_>>().join(", ")
}

/// The places of set-ups, one for each value on this axis, that differ from the first one which has any
/// in nothing else that both have.
#[must_use]
pub fn along(axis: &Axis, setups: &[Settings]) -> Vec<usize> {
    let Some(first) = setups.iter().find(|setup| (axis.value)(setup).is_some()) else {
        return Vec::new();
    };
    let same_elsewhere = |setup: &Settings| {
        let others = AXES.iter().filter(|other| other.name != axis.name);
        let values = others.map(|other| (other.value)(setup).zip((other.value)(first)));
        values.flatten().all(|(own, of_first)| own == of_first)
    };
    let mut places: Vec<(usize, String)> = Vec::new();
    for (place, setup) in setups.iter().enumerate().filter(|(_, setup)| same_elsewhere(setup)) {
        let value =
            (axis.value)(setup).filter(|value| places.iter().all(|(_, seen)| seen != value));
        places.extend(value.map(|value| (place, value)));
    }
    places.into_iter().map(|(place, _)| place).collect()
}
