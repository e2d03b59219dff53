//! [`pack`]: a pool's image, from embeddings, a model and labels so far.

use half::f16;
use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::device::{Header, PairKind, Precision, Section, Settings};
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::profile::Profile;

use super::choice::Chosen;
use crate::data::embeddings::Embeddings;
use crate::data::item::ItemName;
use crate::data::labels::{LabelFile, questions};
use crate::data::texts::Texts;
use crate::error::{Error, Result};
use crate::model::{Context, Model};
use crate::progress::Progress;
use crate::round::posterior::Summary;
use crate::round::request::Request as Round;
use crate::round::target::target;

/// Pairs of equal replies that an image lists, 8 bytes each: far beyond what a device has room for.
const MAX_IDENTICAL: u64 = 1 << 24;

/// What a device is to be given, beside what the settings say.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The most items; all, where there is no limit.
    pub items: Option<usize>,
    /// Which pairs are on offer.
    pub pairs: PairKind,
    /// How features are stored.
    pub precision: Precision,
    /// Whose functions are computed with.
    pub profile: Profile,
    /// Numerical jitter, relative.
    pub jitter: f64,
    /// The most bytes of a text.
    pub text_bytes: usize,
}

/// What an image is made of.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Embeddings, settings and threads.
    pub context: Context<'a>,
    /// Features, and where there are labels the head.
    pub model: &'a Model,
    /// The labels so far, which the model was trained on.
    pub labels: &'a LabelFile,
    /// What people read.
    pub texts: Option<&'a Texts>,
    /// The rest.
    pub form: Form,
}

/// Makes the image.
///
/// # Errors
/// What reading the embeddings or the texts refuses; [`Error::Setting`] for more than an image holds.
pub fn pack(request: &Request<'_>, progress: &mut dyn Progress) -> Result<Vec<u8>> {
    let Request { context, model, labels, form, .. } = *request;
    let Context { embeddings, settings, threads, .. } = context;
    let chosen = Chosen::draw(embeddings, form.pairs, form.items, settings.seed)?;
    progress.begin("computing features", 0);
    let features = model.trunk().features_of(embeddings, &chosen.items, threads)?;
    let features = features.columns()?;
    progress.end();
    let summary = Summary::of(context, model, &labels.labels, progress)?;
    let device = device_settings(request, &chosen, &summary)?;
    let mut sections = vec![
        (Section::Features, stored(features, form.precision)?),
        (Section::Starts, integers(&chosen.starts)),
        (Section::Names, names(embeddings, &chosen)?),
    ];
    if let Some(texts) = request.texts {
        sections.extend(stored_texts(texts, embeddings, &chosen, form.text_bytes)?);
    }
    if device.strategy.facts().target {
        sections.push((Section::Target, rounded(&target_of(request, &chosen, features)?)));
    }
    if !labels.labels.is_empty() {
        sections.push((Section::Head, floats(model.head())));
        sections.push((Section::Past, rounded(&summary.fisher)));
        if device.weighs_alike() {
            sections.push((Section::PastAlike, rounded(&summary.alike)));
        }
    }
    let asked = asked(request, &chosen, &sections[0].1)?;
    if !asked.is_empty() {
        sections.push((Section::Asked, integers(&asked)));
    }
    let (items, order) = (chosen.items.len() as u32, features.rows() as u32);
    let prompts = chosen.prompts.len() as u32;
    let header = Header::new(chosen.digest(embeddings)?, items, order, prompts, device);
    let sections: Vec<(Section, &[u8])> =
        sections.iter().map(|(section, bytes)| (*section, bytes.as_slice())).collect();
    let refused = |error| Error::setting("items", items, format!("{error}"));
    let header = header.with_sections(&sections).map_err(refused)?;
    let mut image = vec![0; header.len()];
    header.write(&sections, &mut image).map_err(refused)?;
    Ok(image)
}

/// What the image fixes.
fn device_settings(request: &Request<'_>, chosen: &Chosen, summary: &Summary) -> Result<Settings> {
    let Request { context, model, labels, form, .. } = *request;
    let (settings, asking) = (context.settings, &context.settings.asking);
    let strategy = asking.strategy;
    let options = asking.options::<f32>(strategy);
    // The cap is fixed here, by what the labels told of the device's own prompts.
    let known = questions(&labels.labels).filter(|question| {
        chosen.place(question.a).is_some() && chosen.place(question.b).is_some()
    });
    let distinct = asking.caps_after(strategy, known.count(), chosen.prompts.len());
    let prior = model.trunk().prior(summary.prior_precision);
    let batch = whole("batch", asking.batch)?;
    let first_round = labels.last_round().saturating_add(1);
    Ok(Settings {
        precision: form.precision,
        profile: form.profile,
        pairs: form.pairs,
        weights: options.weights,
        misfit: options.misfit,
        distinct,
        past: options.past,
        design_precision: options.prior_precision,
        sampled: options.sampled,
        mixed: whole("mix", asking.mixed(asking.batch))?,
        posterior_samples: whole("posterior_samples", options.posterior_samples)?,
        configurations: whole("configurations", options.configurations)?,
        clusters: whole("clusters", options.clusters)?,
        radius: options.radius,
        covariates: whole("covariates", prior.covariates.count)?,
        covariate_precision: prior.covariates.precision as f32,
        jitter: form.jitter as f32,
        seed: settings.seed,
        first_round: u32::try_from(first_round).map_err(|_| {
            let expected = "the round behind that of the last label is beyond what an image holds";
            Error::setting("labels", first_round, expected)
        })?,
        ..Settings::new(strategy, prior.precision as f32, batch)
    })
}

/// A count as an image has it.
fn whole(name: &'static str, value: usize) -> Result<u32> {
    let beyond = |_| Error::setting(name, value, "an image holds numbers below 2³²");
    u32::try_from(value).map_err(beyond)
}

/// Features as they are stored.
fn stored(features: Columns<'_, f32>, precision: Precision) -> Result<Vec<u8>> {
    let values = features.as_slice();
    match precision {
        Precision::F32 => Ok(floats(values)),
        Precision::F16 => {
            let halves: Vec<f16> = values.iter().map(|value| f16::from_f32(*value)).collect();
            match halves.iter().position(|half| !half.is_finite()) {
                Some(place) => {
                    let expected = format!("the feature {:e} is beyond 16 bits", values[place]);
                    Err(Error::setting("precision", "f16", expected))
                }
                None => Ok(halves.into_iter().flat_map(f16::to_le_bytes).collect()),
            }
        }
    }
}

/// What files call the items.
fn names(embeddings: &Embeddings, chosen: &Chosen) -> Result<Vec<u8>> {
    let mut names = Vec::with_capacity(chosen.items.len().saturating_mul(2));
    for item in &chosen.items {
        let (first, second) = match embeddings.name(*item) {
            ItemName::Response([prompt, response]) => (prompt, response),
            ItemName::Row(row) => (row, u64::from(u32::MAX)),
        };
        let beyond = |_| Error::setting("items", first, "items of rows below 2³² are possible");
        for number in [first, second] {
            names.push(u32::try_from(number).map_err(beyond)?);
        }
    }
    Ok(integers(&names))
}

/// Where texts begin, and the texts: of prompts, then of items, each of at most so many bytes.
fn stored_texts(
    texts: &Texts,
    embeddings: &Embeddings,
    chosen: &Chosen,
    most: usize,
) -> Result<[(Section, Vec<u8>); 2]> {
    let responses: Result<Vec<_>> =
        chosen.items.iter().map(|item| texts.of_item(embeddings, *item)).collect();
    let responses = responses?;
    let prompts = chosen.starts.iter().take(chosen.prompts.len()).map(|start| {
        let first = responses.get(*start as usize);
        first.and_then(|text| text.prompt.as_deref()).unwrap_or("")
    });
    let (mut starts, mut all) = (vec![0], String::new());
    for text in prompts.chain(responses.iter().map(|text| text.response.as_str())) {
        all.push_str(cut(text, most).trim_end());
        let beyond = |_| Error::setting("text_bytes", most, "more than 2³² bytes of texts");
        starts.push(u32::try_from(all.len()).map_err(beyond)?);
    }
    Ok([(Section::TextStarts, integers(&starts)), (Section::Texts, all.into_bytes())])
}

/// As much of a text as so many bytes hold.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// V of the chosen items, or of all training prompts.
fn target_of(
    request: &Request<'_>,
    chosen: &Chosen,
    features: Columns<'_, f32>,
) -> Result<Vec<f64>> {
    let Request { context, model, form, .. } = *request;
    let mut first_pairs = vec![0; chosen.starts.len()];
    let prompts = Prompts::new(&chosen.starts, &mut first_pairs);
    let pool = prompts.and_then(|prompts| match form.pairs {
        PairKind::InPrompt => Pool::in_prompt(features, prompts, &[]),
        PairKind::CrossPrompt => Pool::cross_prompt(features, &[]),
    });
    let pool = &pool.map_err(Error::core("the pool"))?;
    let strategy = context.settings.asking.strategy;
    let round = Round { context, candidates: None, round: 1, strategy };
    Ok(target::<f64>(&round, model.trunk(), pool, &chosen.starts)?.into_inner())
}

/// The pairs that are not to be asked about, ascending: those that have been, and those whose features
/// are the same, which teach nothing.
fn asked(request: &Request<'_>, chosen: &Chosen, stored: &[u8]) -> Result<Vec<u32>> {
    let Request { labels, form, .. } = *request;
    let questions = questions(&labels.labels).chain(&labels.skipped);
    let places = questions
        .filter_map(|question| Some((chosen.place(question.a)?, chosen.place(question.b)?)));
    let identical = identical(chosen, stored, form.pairs)?;
    let mut pairs: Vec<(u32, u32)> = places.chain(identical).collect();
    pairs.iter_mut().for_each(|(a, b)| (*a, *b) = ((*a).min(*b), (*a).max(*b)));
    pairs.retain(|(a, b)| chosen.are_pair(*a, *b, form.pairs));
    pairs.sort_unstable();
    pairs.dedup();
    Ok(pairs.into_iter().flat_map(|(a, b)| [a, b]).collect())
}

/// An item in the order that brings the same ones together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct StoredItem<'a> {
    prompt: usize,
    column: &'a [u8],
    place: u32,
}

/// The pairs on offer of items whose features are stored as the same bytes.
///
/// # Errors
/// [`Error::Setting`] for more than an image has room for.
fn identical(chosen: &Chosen, stored: &[u8], pairs: PairKind) -> Result<Vec<(u32, u32)>> {
    let width = (stored.len() / chosen.items.len().max(1)).max(1);
    let item = |(column, place)| StoredItem {
        // Of pairs within prompts only those of one are the same.
        prompt: if pairs == PairKind::InPrompt { chosen.prompt_of(place) } else { 0 },
        column,
        place,
    };
    let mut items: Vec<StoredItem<'_>> = stored.chunks_exact(width).zip(0..).map(item).collect();
    items.sort_unstable();
    let alike = |own: &StoredItem<'_>, other: &StoredItem<'_>| {
        own.prompt == other.prompt && own.column == other.column
    };
    let groups = || items.chunk_by(alike);
    let among = |items: usize| (items as u64) * (items as u64).saturating_sub(1) / 2;
    let count = groups().map(|same| among(same.len())).fold(0, u64::saturating_add);
    if count > MAX_IDENTICAL {
        let problem =
            format!("{count} of its pairs are of equal replies: more than an image holds");
        return Err(Error::setting("items", chosen.items.len(), problem));
    }
    let mut found = Vec::new();
    for same in groups() {
        for (place, first) in same.iter().enumerate() {
            found.extend(same[place + 1..].iter().map(|second| (first.place, second.place)));
        }
    }
    Ok(found)
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn rounded(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| f32::from_real(*value).to_le_bytes()).collect()
}

fn integers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
