use pairpick_core::device::{
    Header, ImageError, ItemName, PairKind, PoolImage, Precision, Section, Settings, checksum,
    widen,
};
use pairpick_core::pool::{Distinct, PoolSize};
use pairpick_core::profile::Profile;
use pairpick_core::select::{Strategy, Weights};
use pairpick_tests::device::{Provision, halved};

fn small() -> Provision {
    let provision = Provision::new(Strategy::RobustVOpt, 4, 3, 2, 3).with_earlier_labels();
    Provision { asked: vec![(0, 1)], ..provision }
}

#[test]
fn the_checksum_is_that_of_zip_and_png() {
    assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    assert_eq!(checksum(b""), 0);
}

#[test]
fn every_number_of_16_bits_is_widened_exactly() {
    for bits in 0..=u16::MAX {
        let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
        let power = |exponent: i32| f64::from_bits(((1023 + exponent) as u64) << 52);
        let magnitude = match exponent {
            0 => fraction * power(-14),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + fraction) * power(exponent - 15),
        };
        let expected = if bits >> 15 == 1 { -magnitude } else { magnitude } as f32;
        let found = widen(bits);
        assert_eq!(found.is_sign_negative(), bits >> 15 == 1, "{bits:#06x}");
        assert!(found == expected || found.is_nan() && expected.is_nan(), "{bits:#06x}: {found}");
        if exponent < 31 && (exponent > 0 || fraction == 0.0) && found.abs() < 1.0 {
            assert_eq!(halved(found), bits, "the test's own numbers of 16 bits");
        }
    }
}

#[test]
fn an_image_says_what_it_was_given() {
    for precision in [Precision::F32, Precision::F16] {
        let mut given = small();
        given.settings.precision = precision;
        let bytes = given.image().expect("an image");
        let image = PoolImage::open(&bytes).expect("as written");
        assert_eq!(image.header().settings, given.settings);
        assert_eq!((image.order(), image.as_bytes()), (2, bytes.as_slice()));
        assert_eq!(image.items(), given.features.len() / 2);
        assert_eq!(image.prompts(), given.starts.len() - 1);
        assert_eq!(image.pool_size(), PoolSize::in_prompt(2, &given.starts));
        let mut memory = vec![0.0; image.widened_len()];
        let features = image.features(&mut memory).expect("memory");
        assert_eq!(features.as_slice(), given.features);
        for item in 0..image.items() as u32 {
            let mut own = [0.0; 2];
            image.features_of(item as usize, &mut own).expect("an item");
            assert_eq!(own, features.column(item as usize));
            let prompt = image.prompt_of(item).expect("its prompt");
            let range = given.starts[prompt]..given.starts[prompt + 1];
            assert!(range.contains(&item), "{item} {range:?}");
            assert_eq!(image.item_text(item), format!("réponse {item}"));
            assert_eq!(image.prompt_text(prompt), format!("prompt {}?", prompt + 1));
            let name = ItemName::Response { prompt: item / 3, response: item % 3 };
            assert_eq!(image.name(item), Some(name));
        }
        let beyond = image.items() as u32;
        assert_eq!((image.prompt_of(beyond), image.name(beyond)), (None, None));
        assert_eq!((image.item_text(beyond), image.prompt_text(image.prompts())), ("", ""));
        assert!(image.features_of(beyond as usize, &mut [0.0; 2]).is_err());
        assert_eq!(image.asked(0).map(|pair| (pair.a, pair.b)), Some((0, 1)));
        assert_eq!((image.asked_len(), image.asked(1)), (1, None));
    }
}

#[test]
fn every_setting_comes_back() {
    let settings = Settings {
        precision: Precision::F16,
        profile: Profile::Micro,
        pairs: PairKind::CrossPrompt,
        weights: Some(Weights::Averaged),
        misfit: Some(2.5),
        distinct: Some(Distinct::PerPrompt(3)),
        past: false,
        design_precision: Some(0.25),
        sampled: true,
        mixed: 2,
        posterior_samples: 50,
        configurations: 60,
        clusters: 7,
        radius: 0.5,
        covariates: 1,
        covariate_precision: 0.125,
        jitter: 0.0625,
        batch: 65_535,
        seed: u64::MAX - 1,
        first_round: 9,
        ..Settings::new(Strategy::Exchange, 0.75, 1)
    };
    let mut given = small();
    given.earlier = None;
    given.settings = settings;
    let bytes = given.image().expect("an image");
    assert_eq!(PoolImage::open(&bytes).expect("as written").header().settings, settings);
    for strategy in Strategy::ALL {
        for distinct in [None, Some(Distinct::Unlimited), Some(Distinct::Even(2))] {
            given.settings = Settings { strategy, distinct, ..settings };
            let bytes = given.image().expect("an image");
            let header = Header::decode(&bytes).expect("as written");
            assert_eq!(header.settings, given.settings);
        }
    }
}

#[test]
fn numbers_lie_where_they_can_be_used() {
    let bytes = small().image().expect("an image");
    let mut room = vec![0; bytes.len() + 32];
    let aligned = room.as_ptr().align_offset(16);
    for shift in 0..16 {
        let place = aligned + shift;
        room[place..place + bytes.len()].copy_from_slice(&bytes);
        let image = PoolImage::open(&room[place..]).expect("whatever follows");
        let usable = cfg!(target_endian = "little") && shift % 4 == 0;
        assert_eq!(image.widened_len() == 0, usable, "{shift}");
        assert_eq!(image.copied_len() == 0, usable, "{shift}");
        let mut memory = vec![0.0; image.widened_len()];
        assert_eq!(image.features(&mut memory).expect("memory").as_slice(), small().features);
    }
}

/// Any bit, the bytes between sections among them.
#[test]
fn an_image_with_a_bit_changed_is_refused() {
    let bytes = small().image().expect("an image");
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(PoolImage::open(&damaged).is_err(), "bit {bit}");
    }
    let mut damaged = bytes.clone();
    damaged[304] ^= 1;
    let error = PoolImage::open(&damaged).expect_err("damaged").to_string();
    assert!(error.starts_with("damaged: the checksum of prompt starts is "), "{error}");
}

#[test]
fn an_image_that_is_cut_is_refused_with_its_length() {
    let bytes = small().image().expect("an image");
    for len in 0..bytes.len() {
        let error = PoolImage::open(&bytes[..len]).expect_err("cut");
        let expected = if len < Header::LEN { Header::LEN } else { bytes.len() };
        let truncated = ImageError::Truncated { expected, found: len };
        assert_eq!(error, if len == 0 { ImageError::Foreign } else { truncated }, "{len}");
    }
}

/// Changes a byte of the header, and its checksum with it.
fn with_header_byte(bytes: &[u8], place: usize, value: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[place] = value;
    let own = checksum(&changed[..Header::LEN - 4]);
    changed[Header::LEN - 4..Header::LEN].copy_from_slice(&own.to_le_bytes());
    changed
}

#[test]
fn what_is_no_image_of_this_program_is_refused_with_the_reason() {
    let bytes = small().image().expect("an image");
    let refused = |place, value| {
        let changed = with_header_byte(&bytes, place, value);
        PoolImage::open(&changed).expect_err("changed").to_string()
    };
    let newer = "a pool image of format 2: this program reads no later one than 1";
    assert_eq!(refused(8, 2), newer);
    assert!(refused(10, 200).starts_with("packed under version 200 of the numeric contract"));
    assert_eq!(refused(0, b'P'), "not a pool image: it does not begin with `pairpick`");
    let meaningless = "a field that its code or flag leaves without a meaning is not 0";
    let counts = "expected 1 to 2²⁴ samples, joint answers and clusters";
    for (place, value, expected) in [
        (8, 0, "its format has no such version"),
        (12, 0, "the image does not end where its sections do"),
        (32, 1, "expected 2 to 2²⁴ items"),
        (36, 0, "expected 1 to 4096 features of an item"),
        (40, 0, "expected a prompt or more, and no more than items"),
        (44, 0, "expected 1 to 65535 pairs a batch"),
        (48, 0, "expected the first round to be 1 to 2³¹"),
        (51, 0x80, "expected the first round to be 1 to 2³¹"),
        (52, 3, "pairs of an unknown kind"),
        (53, 0, "features of an unknown precision"),
        (54, 9, "an unknown profile"),
        (55, 17, "an unknown strategy"),
        (56, 4, "weights of an unknown kind"),
        (57, 5, "a cap of an unknown kind"),
        (58, 16, "flags that are not known"),
        (60, 1, meaningless),
        (67, 0x80, "expected a prior precision above 0"),
        (71, 0xbf, "expected a jitter that is not negative"),
        (75, 0x3f, meaningless),
        (79, 0x3f, meaningless),
        (80, 200, "expected no more covariates than features"),
        (88, 5, "expected no more pairs at random than a batch has"),
        (92, 0, counts),
        (95, 2, counts),
        (99, 2, counts),
        (103, 2, counts),
        (108, 16, "a section does not begin where the one before ends"),
        (228, 16, "a section of an unknown kind"),
        (240, 16, "a section of an unknown kind"),
    ] {
        assert_eq!(refused(place, value), format!("header: {expected}"), "{place}");
    }
    assert_eq!(refused(32, 99), "features: its length is not what the header says");
}

#[test]
fn a_setting_out_of_its_range_is_refused() {
    let refused = |settings: Settings| {
        let bytes = Provision { settings, ..small() }.image().expect("written as given");
        PoolImage::open(&bytes).expect_err("refused").to_string()
    };
    let own = small().settings;
    for value in [f32::NAN, f32::INFINITY, -1.0] {
        let misfit = Settings { misfit: Some(value), ..own };
        assert_eq!(refused(misfit), "header: expected a misfit that is not negative");
        let radius = Settings { radius: value, ..own };
        assert_eq!(refused(radius), "header: expected a radius that is not negative");
    }
    for value in [f32::NAN, f32::INFINITY, 0.0, -1.0] {
        let design = Settings { design_precision: Some(value), ..own };
        assert_eq!(refused(design), "header: expected a design's λ above 0");
        let covariates = Settings { covariate_precision: value, ..own };
        assert_eq!(refused(covariates), "header: expected covariates' precision above 0");
        let prior = Settings { prior_precision: value, ..own };
        assert_eq!(refused(prior), "header: expected a prior precision above 0");
    }
    for distinct in [Distinct::PerItem(0), Distinct::PerPrompt(0)] {
        let capped = Settings { distinct: Some(distinct), ..own };
        assert_eq!(refused(capped), "header: expected a cap above 0");
    }
}

type Sections = Vec<(Section, Vec<u8>)>;

/// The same image with other sections.
fn with_sections(change: impl Fn(&mut Sections)) -> Vec<u8> {
    let bytes = small().image().expect("an image");
    let image = PoolImage::open(&bytes).expect("as written");
    let present =
        Section::ALL.into_iter().filter_map(|own| Some((own, image.section(own)?.to_vec())));
    let mut sections: Sections = present.collect();
    change(&mut sections);
    let sections: Vec<(Section, &[u8])> =
        sections.iter().map(|(section, bytes)| (*section, bytes.as_slice())).collect();
    let Header { pool, items, order, prompts, settings, .. } = *image.header();
    let header = Header::new(pool, items, order, prompts, settings);
    let header = header.with_sections(&sections).expect("in order");
    let mut out = vec![0; header.len()];
    header.write(&sections, &mut out).expect("the same sections");
    out
}

#[test]
fn sections_that_do_not_go_together_are_refused() {
    assert_eq!(with_sections(|_| ()), small().image().expect("an image"));
    let refused = |change: &dyn Fn(&mut Sections)| {
        PoolImage::open(&with_sections(change)).expect_err("refused").to_string()
    };
    let without = |lost: Section| refused(&move |all| all.retain(|(own, _)| *own != lost));
    for (lost, expected) in [
        (Section::Features, "features: missing"),
        (Section::Starts, "prompt starts: missing"),
        (Section::Names, "item names: missing"),
        (Section::TextStarts, "text starts: missing"),
        (Section::Texts, "texts: missing"),
        (Section::Target, "target: missing"),
        (Section::Head, "head: missing"),
        (Section::Past, "past: missing"),
        // `robust-v-opt` weighs pairs alike.
        (Section::PastAlike, "past at equal weights: missing"),
    ] {
        assert_eq!(without(lost), expected);
    }
    let changed = |section: Section, change: &dyn Fn(&mut Vec<u8>)| {
        refused(&|all| {
            let found = all.iter_mut().find(|(own, _)| *own == section);
            change(&mut found.expect("there").1);
        })
    };
    let no_text = "texts: no UTF-8 where they begin and end";
    assert_eq!(changed(Section::Texts, &|texts| texts[0] = 0xff), no_text);
    assert_eq!(changed(Section::Texts, &|texts| texts.push(b'x')), "texts: bytes of no text");
    // The second text begins behind the third.
    assert_eq!(changed(Section::TextStarts, &|starts| starts[4] = 200), no_text);
    assert_eq!(changed(Section::TextStarts, &|starts| starts[0] = 1), "texts: bytes of no text");
    let items = "prompt starts: they do not end with the items";
    assert_eq!(
        changed(Section::Starts, &|starts| *starts.iter_mut().nth_back(3).expect("4") -= 1),
        items
    );
    assert_eq!(
        changed(Section::Starts, &|starts| starts[0] = 1),
        "prompt starts: they begin with 0 and do not descend"
    );
    assert_eq!(changed(Section::Asked, &|asked| asked.truncate(4)), "asked pairs: half a pair");
    assert_eq!(
        changed(Section::Head, &|head| head[..4].copy_from_slice(&f32::NAN.to_le_bytes())),
        "head: a number that is not finite"
    );
    assert_eq!(
        changed(Section::Target, &|target| target.truncate(4)),
        "target: its length is not what the header says"
    );
}

#[test]
fn a_header_writes_the_sections_that_it_was_given_and_no_others() {
    let settings = Settings::new(Strategy::Dopt, 1.0, 1);
    let given: [(Section, &[u8]); 2] = [(Section::Features, &[1; 8]), (Section::Starts, &[2; 8])];
    let header = Header::new(1, 2, 1, 1, settings).with_sections(&given).expect("in order");
    let write = |sections: &[(Section, &[u8])]| {
        let mut out = vec![0x55; header.len()];
        let written = header.write(sections, &mut out).map_err(|error| error.to_string());
        assert!(written.is_ok() || out.iter().all(|byte| *byte == 0x55), "nothing is half-written");
        written.map(|()| out)
    };
    let written = write(&given).expect("as given");
    assert_eq!(written[..Header::LEN], header.encode());
    let refused = |sections: &[(Section, &[u8])]| write(sections).expect_err("refused");
    let (features, starts) = (given[0], given[1]);
    let expected = "texts: the header has no place for it";
    assert_eq!(refused(&[features, starts, (Section::Texts, b"more")]), expected);
    assert_eq!(refused(&[features]), "prompt starts: expected once, as the header has it");
    assert_eq!(
        refused(&[features, starts, starts]),
        "prompt starts: expected once, as the header has it"
    );
    let other = "features: not the bytes that the header was given";
    assert_eq!(refused(&[(Section::Features, &[1; 9]), starts]), other);
    assert_eq!(refused(&[(Section::Features, &[3; 8]), starts]), other);
}

#[test]
fn sections_that_cannot_be_are_refused() {
    let refused = |change: &dyn Fn(&mut Provision)| {
        let mut given = small();
        change(&mut given);
        let bytes = given.image().expect("written as given");
        PoolImage::open(&bytes).expect_err("refused").to_string()
    };
    assert_eq!(
        refused(&|given| given.features[3] = f32::NAN),
        "features: a number that is not finite"
    );
    assert_eq!(
        refused(&|given| given.starts[1] = 90),
        "prompt starts: they begin with 0 and do not descend"
    );
    assert_eq!(refused(&|given| given.asked = vec![(1, 0)]), "asked pairs: no pair of the pool");
    let twice = vec![(0, 1), (0, 1)];
    assert_eq!(
        refused(&move |given| given.asked.clone_from(&twice)),
        "asked pairs: they do not ascend"
    );
    assert_eq!(
        refused(&|given| given.earlier = Some((vec![0.0; 2], vec![f32::INFINITY; 3]))),
        "past: a number that is not finite"
    );
    assert_eq!(
        refused(&|given| given.earlier = Some((vec![0.0; 3], vec![1.0; 3]))),
        "head: its length is not what the header says"
    );
    let dopt = Settings { strategy: Strategy::Dopt, ..small().settings };
    let given = Provision { settings: dopt, earlier: None, ..small() };
    let bytes = given.image().expect("an image");
    assert!(PoolImage::open(&bytes).is_ok(), "a target that nobody reads");
    let header = Header::new(0, 2, 1, 1, dopt);
    let out_of_order = [(Section::Starts, &[][..]), (Section::Features, &[])];
    assert!(header.with_sections(&out_of_order).is_err());
    assert!(header.with_sections(&[(Section::Texts, &[][..]), (Section::Texts, &[])]).is_err());
    assert!(header.write(&[], &mut [0; 3]).is_err());
    let mut bare = [0; Header::LEN];
    header.write(&[], &mut bare).expect("a header alone");
    let error = PoolImage::open(&bare).expect_err("no features").to_string();
    assert_eq!(error, "features: missing");
}
