//! Apache Parquet: rows of nested values, read and written column by column.

use std::panic;
use std::path::Path;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::record::{Field, Row as ParquetRow};
use parquet::schema::types::{Type, TypePtr};
use serde_json::Value;

use super::fields::{Fields, Row, RowPlace};
use super::source::{columns, unreadable};
use crate::error::{Error, Result, quotable};

/// The rows of a file. The reader panics at some damaged files, and says so on standard error,
/// where this is an error like any other.
pub(super) fn read(path: &Path, bytes: Vec<u8>) -> Result<Vec<Row>> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let rows = panic::catch_unwind(|| rows(path, bytes));
    panic::set_hook(hook);
    rows.unwrap_or_else(|_| Err(unreadable(path, "the file is damaged; expected whole Parquet")))
}

fn rows(path: &Path, bytes: Vec<u8>) -> Result<Vec<Row>> {
    let refused = |error: ParquetError| {
        let told = quotable(&error.to_string());
        let advice = "expected a whole file of Parquet, uncompressed or compressed by Snappy";
        unreadable(path, format!("{told}; {advice}"))
    };
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(refused)?;
    let mut rows = Vec::new();
    for (index, row) in reader.get_row_iter(None).map_err(refused)?.enumerate() {
        let place = RowPlace { path: path.into(), unit: "row", number: index + 1 };
        let row = row.map_err(refused)?;
        let fields = fields(&row).map_err(|problem| place.problem(problem))?;
        rows.push(Row { place, fields });
    }
    Ok(rows)
}

fn fields(row: &ParquetRow) -> Result<Fields, String> {
    let field = |(name, field): (&String, &Field)| {
        let value = value(field).map_err(|problem| format!("{}: {problem}", quotable(name)))?;
        Ok((name.clone(), value))
    };
    Ok(Fields(row.get_column_iter().map(field).collect::<Result<_, String>>()?))
}

fn value(field: &Field) -> Result<Value, String> {
    // The shortest text that is the number, not its digits in twice the precision.
    let single = |number: f32| Value::from(number.to_string().parse::<f64>().ok());
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Byte(value) => (*value).into(),
        Field::Short(value) => (*value).into(),
        Field::Int(value) => (*value).into(),
        Field::Long(value) => (*value).into(),
        Field::UByte(value) => (*value).into(),
        Field::UShort(value) => (*value).into(),
        Field::UInt(value) => (*value).into(),
        Field::ULong(value) => (*value).into(),
        Field::Float16(value) => single(value.to_f32()),
        Field::Float(value) => single(*value),
        Field::Double(value) => (*value).into(),
        Field::Str(text) => text.as_str().into(),
        Field::Bytes(bytes) => {
            let text = std::str::from_utf8(bytes.data());
            text.map_err(|_| "found bytes; expected text in UTF-8")?.into()
        }
        Field::Group(row) => fields(row)?.into_object().unwrap_or(Value::Null),
        Field::ListInternal(list) => {
            list.elements().iter().map(value).collect::<Result<Vec<Value>, String>>()?.into()
        }
        // Dates, times, decimals and maps have no kind of their own in JSON.
        other => other.to_string().into(),
    })
}

/// The file of some rows: every column may be null; one whose values are of several kinds holds text.
pub(super) fn write(path: &Path, rows: &[Fields]) -> Result<Vec<u8>> {
    let failed = |error: ParquetError| Error::io(path, "write", std::io::Error::other(error));
    let names = columns(rows);
    let kinds: Vec<Kind> = names.iter().map(|name| Kind::of_column(rows, name)).collect();
    let mut leaves = Vec::new();
    for (name, kind) in names.iter().zip(&kinds) {
        let mut own = kind.leaves();
        for row in rows {
            let value = row.get(name).unwrap_or(&Value::Null);
            kind.add(value, Level::default(), &mut own);
        }
        leaves.extend(own);
    }
    written(&names, &kinds, leaves).map_err(failed)
}

fn written(names: &[String], kinds: &[Kind], leaves: Vec<Leaf>) -> Result<Vec<u8>, ParquetError> {
    let fields = names.iter().zip(kinds).map(|(name, kind)| kind.schema(name));
    let fields = fields.collect::<Result<Vec<TypePtr>, _>>()?;
    let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema.into(), properties.into())?;
    let mut group = writer.next_row_group()?;
    for leaf in leaves {
        if let Some(mut column) = group.next_column()? {
            leaf.write(&mut column)?;
            column.close()?;
        }
    }
    group.close()?;
    writer.into_inner()
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Nothing but nulls; written as text.
    Unknown,
    Bool,
    Integer,
    Number,
    Text,
    List(Box<Kind>),
    Object(Vec<(String, Kind)>),
}

impl Kind {
    fn of_column(rows: &[Fields], name: &str) -> Self {
        Self::of_all(rows.iter().filter_map(|row| row.get(name)))
    }

    /// The kind that all values have.
    fn of_all<'a>(values: impl Iterator<Item = &'a Value>) -> Self {
        values.map(Self::of).fold(Self::Unknown, Self::joined)
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(list) => Self::List(Box::new(Self::of_all(list.iter()))),
            Value::Object(object) => {
                let fields = object.iter().map(|(name, value)| (name.clone(), Self::of(value)));
                Self::Object(fields.collect())
            }
        }
    }

    /// The columns of a group, which has at least one.
    fn fields(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(fields) if !fields.is_empty() => Some(fields),
            _ => None,
        }
    }

    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Unknown, other) | (other, Self::Unknown) => other,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.joined(*other))),
            (Self::Object(mut fields), Self::Object(others)) => {
                for (name, kind) in others {
                    match fields.iter_mut().find(|(own, _)| *own == name) {
                        Some((_, own)) => *own = own.clone().joined(kind),
                        None => fields.push((name, kind)),
                    }
                }
                Self::Object(fields)
            }
            _ => Self::Text,
        }
    }

    fn schema(&self, name: &str) -> Result<TypePtr, ParquetError> {
        let leaf = |physical| Type::primitive_type_builder(name, physical);
        if let Some(fields) = self.fields() {
            let fields = fields.iter().map(|(name, kind)| kind.schema(name));
            let group = Type::group_type_builder(name)
                .with_repetition(Repetition::OPTIONAL)
                .with_fields(fields.collect::<Result<_, _>>()?);
            return Ok(group.build()?.into());
        }
        let built = match self {
            Self::Bool => leaf(Physical::BOOLEAN),
            Self::Integer => leaf(Physical::INT64),
            Self::Number => leaf(Physical::DOUBLE),
            Self::List(element) => {
                let list = Type::group_type_builder("list")
                    .with_repetition(Repetition::REPEATED)
                    .with_fields(vec![element.schema("element")?])
                    .build()?;
                let list = Type::group_type_builder(name)
                    .with_repetition(Repetition::OPTIONAL)
                    .with_logical_type(Some(LogicalType::List))
                    .with_fields(vec![list.into()]);
                return Ok(list.build()?.into());
            }
            Self::Text | Self::Unknown | Self::Object(_) => {
                leaf(Physical::BYTE_ARRAY).with_logical_type(Some(LogicalType::String))
            }
        };
        Ok(built.with_repetition(Repetition::OPTIONAL).build()?.into())
    }

    /// An empty column for each of its leaves.
    fn leaves(&self) -> Vec<Leaf> {
        if let Some(fields) = self.fields() {
            return fields.iter().flat_map(|(_, kind)| kind.leaves()).collect();
        }
        let values = match self {
            Self::Bool => Values::Bool(Vec::new()),
            Self::Integer => Values::Integer(Vec::new()),
            Self::Number => Values::Number(Vec::new()),
            Self::List(element) => return element.leaves(),
            Self::Text | Self::Unknown | Self::Object(_) => Values::Text(Vec::new()),
        };
        vec![Leaf { values, definitions: Vec::new(), repetitions: Vec::new() }]
    }

    /// Adds a value to its leaves, by Dremel's levels (Melnik et al., VLDB 2010).
    fn add(&self, value: &Value, level: Level, leaves: &mut [Leaf]) {
        let defined = Level { definition: level.definition + 1, ..level };
        match (self, value) {
            (_, Value::Null) => leaves.iter_mut().for_each(|leaf| leaf.mark(level)),
            (Self::List(_), Value::Array(list)) if list.is_empty() => {
                leaves.iter_mut().for_each(|leaf| leaf.mark(defined));
            }
            (Self::List(element), Value::Array(list)) => {
                let depth = level.depth + 1;
                for (place, value) in list.iter().enumerate() {
                    let repetition = if place == 0 { level.repetition } else { depth };
                    let definition = level.definition + 2;
                    element.add(value, Level { definition, repetition, depth }, leaves);
                }
            }
            (Self::Object(fields), Value::Object(object)) if !fields.is_empty() => {
                let mut rest = leaves;
                for (name, kind) in fields {
                    let (own, after) = rest.split_at_mut(kind.leaves().len());
                    kind.add(object.get(name).unwrap_or(&Value::Null), defined, own);
                    rest = after;
                }
            }
            (_, value) => {
                for leaf in leaves {
                    leaf.mark(defined);
                    leaf.values.push(value);
                }
            }
        }
    }
}

/// How much of a path to a value is there, and which list on it goes on.
#[derive(Clone, Copy, Default)]
struct Level {
    definition: i16,
    repetition: i16,
    /// Lists on the path.
    depth: i16,
}

/// A column without structure, and the levels that give it one.
struct Leaf {
    values: Values,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

enum Values {
    Bool(Vec<bool>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl Leaf {
    fn mark(&mut self, level: Level) {
        self.definitions.push(level.definition);
        self.repetitions.push(level.repetition);
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>) -> Result<usize, ParquetError> {
        let (definitions, repetitions) = (Some(&*self.definitions), Some(&*self.repetitions));
        match &self.values {
            Values::Bool(values) => {
                column.typed::<BoolType>().write_batch(values, definitions, repetitions)
            }
            Values::Integer(values) => {
                column.typed::<Int64Type>().write_batch(values, definitions, repetitions)
            }
            Values::Number(values) => {
                column.typed::<DoubleType>().write_batch(values, definitions, repetitions)
            }
            Values::Text(values) => {
                column.typed::<ByteArrayType>().write_batch(values, definitions, repetitions)
            }
        }
    }
}

impl Values {
    /// Adds a value of the column's kind; to text, another value as JSON.
    fn push(&mut self, value: &Value) {
        match self {
            Self::Bool(values) => values.push(value.as_bool().unwrap_or_default()),
            Self::Integer(values) => values.push(value.as_i64().unwrap_or_default()),
            Self::Number(values) => values.push(value.as_f64().unwrap_or_default()),
            Self::Text(values) => values.push(match value {
                Value::String(text) => text.as_str().into(),
                other => other.to_string().as_str().into(),
            }),
        }
    }
}
