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

/// Set-ups that differ on one axis alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// What they share on the other axes that are varied.
    pub title: String,
    /// Their places, one for each value.
    pub places: Vec<usize>,
}

/// Set-ups that differ on this axis in nothing else that both have: two at least, and no set-up begins
/// a group that is in one before.
#[must_use]
pub fn along(axis: &Axis, setups: &[Settings]) -> Vec<Alike> {
    let mut all: Vec<Alike> = Vec::new();
    for (place, setup) in setups.iter().enumerate() {
        let is_known = all.iter().any(|alike| alike.places.contains(&place));
        if is_known || (axis.value)(setup).is_none() {
            continue;
        }
        let places = one_of_each(axis, setup, setups);
        if places.len() > 1 {
            all.push(Alike { title: shared(axis, &places, setups), places });
        }
    }
    all
}

/// The places of set-ups, one for each value on this axis, that are as one of them elsewhere.
fn one_of_each(axis: &Axis, base: &Settings, setups: &[Settings]) -> Vec<usize> {
    let same_elsewhere = |setup: &Settings| {
        let others = AXES.iter().filter(|other| other.name != axis.name);
        let values = others.map(|other| (other.value)(setup).zip((other.value)(base)));
        values.flatten().all(|(own, of_base)| own == of_base)
    };
    let mut places: Vec<(usize, String)> = Vec::new();
    for (place, setup) in setups.iter().enumerate().filter(|(_, setup)| same_elsewhere(setup)) {
        let value =
            (axis.value)(setup).filter(|value| places.iter().all(|(_, seen)| seen != value));
        places.extend(value.map(|value| (place, value)));
    }
    places.into_iter().map(|(place, _)| place).collect()
}

/// What set-ups share on the other axes, as far as any of them has it.
fn shared(axis: &Axis, places: &[usize], setups: &[Settings]) -> String {
    let told = |other: &&Axis| {
        let value = places.iter().find_map(|place| (other.value)(&setups[*place]))?;
        Some(format!("{} {value}", other.name))
    };
    let others = varied(setups).into_iter().filter(|other| other.name != axis.name);
    others.filter_map(|other| told(&other)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Features, Preset, Typed};

    fn setups(pools: &[PoolKind], batches: &[usize]) -> Vec<Settings> {
        let mut all = Vec::new();
        for pool in pools {
            for batch in batches {
                let mut settings = Settings::of_preset(Preset::Mlp);
                (settings.asking.pool, settings.asking.batch) = (*pool, *batch);
                all.push(settings);
            }
        }
        all
    }

    fn found(name: &str, setups: &[Settings]) -> Vec<(String, Vec<usize>)> {
        let axis = AXES.iter().find(|axis| axis.name == name).unwrap();
        along(axis, setups).into_iter().map(|alike| (alike.title, alike.places)).collect()
    }

    #[test]
    fn each_value_of_the_others_has_a_group_of_its_own() {
        let setups = setups(&[PoolKind::InPrompt, PoolKind::CrossPrompt], &[10, 20, 40]);
        let titled = |title: &str, places: &[usize]| (title.to_owned(), places.to_vec());
        assert_eq!(
            found("batch", &setups),
            [titled("pairs in-prompt", &[0, 1, 2]), titled("pairs cross-prompt", &[3, 4, 5])]
        );
        assert_eq!(
            found("pairs", &setups),
            [titled("batch 10", &[0, 3]), titled("batch 20", &[1, 4]), titled("batch 40", &[2, 5])]
        );
        assert_eq!(found("features", &setups), []);
    }

    /// Features without layers stand beside networks of any.
    #[test]
    fn what_a_set_up_has_not_tells_it_from_none() {
        let mut setups = setups(&[PoolKind::InPrompt], &[10, 10, 10]);
        setups[0].learn_from(Features::Kernel, &Typed::default());
        let Architecture::Mlp(network) = &mut setups[2].model else { panic!() };
        network.hidden = [4; 3];
        let places = |name: &str| found(name, &setups).into_iter().map(|(_, places)| places);
        assert_eq!(places("hidden units").collect::<Vec<_>>(), [[1, 2]]);
        assert_eq!(places("features").collect::<Vec<_>>(), [[0, 1], [0, 2]]);
    }
}
