//! The header of a `.npy` file: a magic string, a version, and a Python dictionary of three keys
//! (NumPy's `numpy.lib.format`, versions 1.0, 2.0 and 3.0). Everything is checked before anything
//! is believed: a hostile header costs at most [`HEADER_LIMIT`] bytes of memory.

use std::io::Read;
use std::path::Path;

use winnow::ascii::{dec_uint, multispace0};
use winnow::combinator::{alt, delimited, eof, fail, opt, separated, separated_pair, terminated};
use winnow::prelude::*;
use winnow::token::take_till;

use super::file_kind::{START_BYTES, describe};
use super::header::{Element, Header, Integer, Wanted, count, read_text, read_up_to};
use crate::error::{ArrayError, DataError, Result, Shape, quotable};

/// The most bytes of header text that are read, as NumPy's own reader has it. Those of an array
/// of numbers are about 120.
pub const HEADER_LIMIT: u64 = 10_000;

/// The most characters of an id.
const LONGEST_ID: usize = 1 << 16;

/// What messages call the form.
const FORM: &str = ".npy";

/// Where the data of a file that is written begin: at a multiple of this.
const ALIGNMENT: usize = 64;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Whether a file begins as this form does.
pub(super) fn begins(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Reads the header at the beginning of a file.
pub(super) fn read(source: &mut dyn Read, path: &Path, wanted: Wanted) -> Result<Header> {
    let layout = read_layout(source, path, |descr, path| element(descr, path, wanted))?;
    let Layout { element, shape, data_start } = layout;
    let len = count(&shape, element.size(), path)?.saturating_mul(element.size() as u64);
    let file_len = data_start.saturating_add(len);
    Ok(Header { element, name: None, shape, data_start, file_len })
}

/// A list of ids.
pub(super) struct Ids {
    /// How many there are.
    pub count: u64,
    /// Bytes of each.
    pub bytes: usize,
}

/// Reads the header of a list of integers or strings, of shape (M,) or (M, 1).
pub(super) fn read_ids(source: &mut dyn Read, path: &Path) -> Result<Ids> {
    let Layout { element: bytes, shape, .. } = read_layout(source, path, id_bytes)?;
    count(&shape, bytes, path)?;
    match shape[..] {
        [count] | [count, 1] => Ok(Ids { count, bytes }),
        _ => {
            let found = format!("shape {}", Shape(shape));
            Err(DataError::PromptIdsForm { found }.at(path))
        }
    }
}

/// What a header says, its element as the reader has it.
struct Layout<E> {
    element: E,
    shape: Vec<u64>,
    data_start: u64,
}

fn read_layout<E>(
    source: &mut dyn Read,
    path: &Path,
    element: impl Fn(&[u8], &Path) -> Result<E>,
) -> Result<Layout<E>> {
    let text_len = read_preamble(source, path)?;
    if text_len.bytes > HEADER_LIMIT {
        let (found, limit) = (text_len.bytes, HEADER_LIMIT);
        return Err(ArrayError::HeaderTooLong { form: FORM, found, limit }.at(path));
    }
    let text = read_text(source, text_len.starts_at, text_len.bytes, path)?;
    let data_start = text_len.starts_at.saturating_add(text_len.bytes);
    let dictionary = parse(&text, path)?;
    interpret(&dictionary, data_start, path, element)
}

/// Where the header text starts, and its length.
struct TextLen {
    starts_at: u64,
    bytes: u64,
}

fn read_preamble(source: &mut dyn Read, path: &Path) -> Result<TextLen> {
    let start = read_up_to(source, 8, path)?;
    let Some([major, minor]) = start.strip_prefix(MAGIC) else {
        let rest = read_up_to(source, START_BYTES, path)?;
        let found = describe(&[start, rest].concat());
        return Err(ArrayError::NotAnArray { found }.at(path));
    };
    let length_bytes = match (major, minor) {
        (1, 0) => 2,
        (2 | 3, 0) => 4,
        _ => {
            let problem = format!("format version {major}.{minor}; 1.0, 2.0 and 3.0 are known");
            return Err(ArrayError::DamagedHeader { form: FORM, problem }.at(path));
        }
    };
    let length = read_up_to(source, length_bytes, path)?;
    let after = |bytes: u64| bytes.saturating_add(8);
    let (starts_at, found) = (after(length_bytes), after(length.len() as u64));
    if found < starts_at {
        return Err(ArrayError::Truncated { expected: starts_at, found }.at(path));
    }
    let mut little_endian = [0; 8];
    for (byte, read) in little_endian.iter_mut().zip(length) {
        *byte = read;
    }
    Ok(TextLen { starts_at, bytes: u64::from_le_bytes(little_endian) })
}

/// The header of an array of this type and shape, version 1.0, so long that the data are aligned as
/// NumPy writes them.
pub(super) fn write(descr: &str, shape: &Shape) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    // Three axes of twenty digits each are the most.
    let before = MAGIC.len().saturating_add(4);
    let end = before.saturating_add(text.len()).saturating_add(1).next_multiple_of(ALIGNMENT);
    let len = end.saturating_sub(before);
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend((len as u16).to_le_bytes());
    header.extend(format!("{text:<width$}\n", width = len.saturating_sub(1)).into_bytes());
    header
}

/// A value of the header's dictionary.
#[derive(Debug)]
enum Value<'a> {
    Text(&'a [u8]),
    Flag(bool),
    Lengths(Vec<u64>),
    /// The list that describes a structured type.
    Structure,
}

type Entry<'a> = (&'a [u8], Value<'a>);

fn parse<'a>(text: &'a [u8], path: &Path) -> Result<Vec<Entry<'a>>> {
    dictionary.parse(text).map_err(|error| {
        let problem = format!("its text makes no sense from byte {} on", error.offset());
        ArrayError::DamagedHeader { form: FORM, problem }.at(path)
    })
}

fn dictionary<'a>(input: &mut &'a [u8]) -> winnow::Result<Vec<Entry<'a>>> {
    let entries = terminated(separated(0.., entry, symbol(b',')), opt(symbol(b',')));
    terminated(delimited(symbol(b'{'), entries, symbol(b'}')), eof).parse_next(input)
}

fn entry<'a>(input: &mut &'a [u8]) -> winnow::Result<Entry<'a>> {
    separated_pair(quoted, symbol(b':'), value).parse_next(input)
}

fn value<'a>(input: &mut &'a [u8]) -> winnow::Result<Value<'a>> {
    alt((
        quoted.map(Value::Text),
        "True".map(|_| Value::Flag(true)),
        "False".map(|_| Value::Flag(false)),
        lengths.map(Value::Lengths),
        structure,
    ))
    .parse_next(input)
}

fn quoted<'a>(input: &mut &'a [u8]) -> winnow::Result<&'a [u8]> {
    alt((
        delimited(b'\'', take_till(0.., b"'\n"), b'\''),
        delimited(b'"', take_till(0.., b"\"\n"), b'"'),
    ))
    .parse_next(input)
}

/// A tuple of lengths; Python 2 wrote long ones with an `L`.
fn lengths(input: &mut &[u8]) -> winnow::Result<Vec<u64>> {
    let length = terminated(dec_uint::<_, u64, _>, opt(b'L'));
    let lengths = terminated(separated(0.., length, symbol(b',')), opt(symbol(b',')));
    delimited(symbol(b'('), lengths, (multispace0, b')')).parse_next(input)
}

/// From `[` to the last `]`: what is between is never used, so it is not understood either.
fn structure<'a>(input: &mut &'a [u8]) -> winnow::Result<Value<'a>> {
    b'['.parse_next(input)?;
    let last = input.iter().rposition(|byte| *byte == b']');
    match last.and_then(|last| input.get(last..)?.split_first()) {
        Some((_, rest)) => {
            *input = rest;
            Ok(Value::Structure)
        }
        None => fail.parse_next(input),
    }
}

/// One byte, with white space around it.
fn symbol<'a>(byte: u8) -> impl Parser<&'a [u8], u8, winnow::error::ContextError> {
    delimited(multispace0, byte, multispace0)
}

fn interpret<E>(
    entries: &[Entry<'_>],
    data_start: u64,
    path: &Path,
    element: impl Fn(&[u8], &Path) -> Result<E>,
) -> Result<Layout<E>> {
    let damaged = |problem: &str| {
        let problem = problem.to_owned();
        ArrayError::DamagedHeader { form: FORM, problem }.at(path)
    };
    let [mut descr, mut fortran_order, mut shape] = [None; 3];
    for (key, value) in entries {
        let place = match *key {
            b"descr" => &mut descr,
            b"fortran_order" => &mut fortran_order,
            b"shape" => &mut shape,
            _ => return Err(damaged(&format!("unknown key {}", name(key)))),
        };
        if place.replace(value).is_some() {
            return Err(damaged(&format!("key {} stands twice", name(key))));
        }
    }
    let element = match descr {
        Some(Value::Text(descr)) => element(descr, path)?,
        Some(Value::Structure) => {
            let found = "a structured one".to_owned();
            return Err(ArrayError::ElementType { found }.at(path));
        }
        _ => return Err(damaged("'descr' must be a type's name")),
    };
    match fortran_order {
        Some(Value::Flag(false)) => {}
        Some(Value::Flag(true)) => return Err(ArrayError::FortranOrder.at(path)),
        _ => return Err(damaged("'fortran_order' must be True or False")),
    }
    match shape {
        Some(Value::Lengths(shape)) => Ok(Layout { element, shape: shape.clone(), data_start }),
        _ => Err(damaged("'shape' must be a tuple of lengths")),
    }
}

/// A key or a type's name, as Python quotes it.
fn name(text: &[u8]) -> String {
    format!("'{}'", quotable(&text.escape_ascii().to_string()))
}

/// Bytes of an integer or of a string of fixed length, whose characters take four.
fn id_bytes(descr: &[u8], path: &Path) -> Result<usize> {
    let refused = || {
        let found = format!("element type {}", name(descr));
        DataError::PromptIdsForm { found }.at(path)
    };
    let ([_, kind, length @ ..], Ok(text)) = (descr, std::str::from_utf8(descr)) else {
        return Err(refused());
    };
    let length = text.get(text.len().saturating_sub(length.len())..);
    let length: usize = length.and_then(|text| text.parse().ok()).ok_or_else(refused)?;
    match kind {
        b'i' | b'u' if (1..=8).contains(&length) => Ok(length),
        b'S' if (1..=LONGEST_ID).contains(&length) => Ok(length),
        b'U' if (1..=LONGEST_ID).contains(&length) => Ok(length.saturating_mul(4)),
        _ => Err(refused()),
    }
}

fn element(descr: &[u8], path: &Path, wanted: Wanted) -> Result<Element> {
    let found = name(descr);
    match descr {
        [b'<' | b'|', kind @ (b'i' | b'u'), bytes @ (b'1' | b'2' | b'4' | b'8')]
            if wanted == Wanted::Numbers =>
        {
            let (bytes, signed) = (bytes.saturating_sub(b'0'), *kind == b'i');
            Ok(Element::Integer(Integer { bytes, signed }))
        }
        b"<f8" => Ok(Element::F64),
        b"<f4" => Ok(Element::F32),
        b"<f2" => Ok(Element::F16),
        b">f8" | b">f4" | b">f2" => Err(ArrayError::BigEndian { found }.at(path)),
        b"<V2" | b"|V2" => Err(ArrayError::Bfloat16 { found }.at(path)),
        [b'|', b'O', ..] | [b'O', ..] => Err(ArrayError::ObjectType { found }.at(path)),
        _ => Err(ArrayError::ElementType { found }.at(path)),
    }
}
