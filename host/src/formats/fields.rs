//! [`Fields`]: the columns of a row, or the keys of an object, in the order of their file; and
//! [`Row`], fields with the place that a message names.

use std::fmt;
use std::path::PathBuf;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result, quotable};

/// Names with their values. There are few, so a name is searched for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(pub Vec<(String, Value)>);

impl Fields {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Adds a value, in the place of one of the same name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds a value that is there.
    pub fn set_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Takes a value out; null is none.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.0.iter().position(|(own, _)| own == name)?;
        Some(self.0.remove(place).1).filter(|value| !value.is_null())
    }

    /// Whether a name has a value; null is none.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_null())
    }

    /// The names, as a message lists them.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }

    /// What is left, as an object; none of nothing.
    #[must_use]
    pub fn into_object(self) -> Option<Value> {
        let fields = self.0.into_iter().filter(|(_, value)| !value.is_null());
        let object: serde_json::Map<String, Value> = fields.collect();
        (!object.is_empty()).then_some(Value::Object(object))
    }

    /// The fields of an object.
    #[must_use]
    pub fn of_object(object: serde_json::Map<String, Value>) -> Self {
        Self(object.into_iter().collect())
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.get(&name).is_some() {
                return Err(serde::de::Error::custom(format!("field {name:?} stands twice")));
            }
            fields.0.push((name, value));
        }
        Ok(fields)
    }
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlace {
    /// The file.
    pub path: PathBuf,
    /// What counts its rows, "line" or "record".
    pub unit: &'static str,
    /// Which of them, from 1.
    pub number: usize,
}

impl RowPlace {
    /// The error of this row.
    pub fn problem(&self, problem: impl Into<String>) -> Error {
        let Self { path, unit, number } = self;
        Error::Row { path: path.clone(), unit, number: *number, problem: problem.into() }
    }
}

/// A row of a table, or an object of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it stands.
    pub place: RowPlace,
    /// What it holds.
    pub fields: Fields,
}

impl Row {
    /// The error of this row.
    pub fn problem(&self, problem: impl Into<String>) -> Error {
        self.place.problem(problem)
    }

    /// The error of a field that is needed.
    #[must_use]
    pub fn missing(&self, name: &str) -> Error {
        self.problem(format!(
            "no {name:?} among its fields, {}; `column` {name}=NAME says which one it is",
            quotable(&self.fields.names())
        ))
    }

    /// The error of a field that holds something else.
    #[must_use]
    pub fn unexpected(&self, name: &str, found: &Value, expected: &str) -> Error {
        self.problem(format!("{name}: found {}; expected {expected}", told(found)))
    }

    /// Takes a text, or a list of messages, out.
    ///
    /// # Errors
    /// [`Error::Row`] where it is missing or something else.
    pub fn text(&mut self, name: &str) -> Result<Value> {
        self.text_or_none(name)?.ok_or_else(|| self.missing(name))
    }

    /// The same of a text that need not be there.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn text_or_none(&mut self, name: &str) -> Result<Option<Value>> {
        let Some(value) = self.fields.take(name) else {
            return Ok(None);
        };
        self.checked_text(name, value).map(Some)
    }

    /// The value as a text or a list of messages, which a table's cell holds as JSON.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn checked_text(&self, name: &str, value: Value) -> Result<Value> {
        match value {
            Value::String(text) => Ok(messages_in(&text).unwrap_or(Value::String(text))),
            list if is_messages(&list) => Ok(list),
            other => Err(self.unexpected(
                name,
                &other,
                "text, or a list of messages {\"role\": …, \"content\": …}",
            )),
        }
    }

    /// Takes a number out, which a table's cell holds as text.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>> {
        match self.fields.take(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(value) => self.checked_number(name, &value).map(Some),
        }
    }

    /// The value as a finite number.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn checked_number(&self, name: &str, value: &Value) -> Result<f64> {
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        let number = number.filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| self.unexpected(name, value, "a number"))
    }

    /// Takes a list out, which a table's cell holds as JSON.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>> {
        let found = match self.fields.take(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(found) => found,
        };
        let list = match &found {
            Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
            other => other.clone(),
        };
        match list {
            Value::Array(list) => Ok(Some(list)),
            _ => Err(self.unexpected(name, &found, "a list as JSON has it, such as [1, 2]")),
        }
    }

    /// Takes an object out, which a table's cell holds as JSON, as a row of its own; an empty one
    /// where there is none.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn inner(&mut self, name: &str) -> Result<Self> {
        let fields = match self.fields.take(name) {
            None => Fields::default(),
            Some(Value::Object(object)) => Fields::of_object(object),
            Some(Value::String(text)) => match serde_json::from_str(&text) {
                Ok(fields) => fields,
                Err(_) => return Err(self.unexpected(name, &text.into(), "an object")),
            },
            Some(other) => return Err(self.unexpected(name, &other, "an object")),
        };
        Ok(Self { place: self.place.clone(), fields })
    }

    /// Takes an identifier out: text or a whole number.
    ///
    /// # Errors
    /// [`Error::Row`] for something else.
    pub fn id(&mut self, name: &str) -> Result<Option<Value>> {
        match self.fields.take(name) {
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(value) if !is_id(&value) => {
                Err(self.unexpected(name, &value, "an identifier, text or a whole number"))
            }
            found => Ok(found),
        }
    }
}

/// Whether a value can name something.
pub(super) fn is_id(value: &Value) -> bool {
    value.is_string() || value.is_u64() || value.is_i64()
}

/// Whether a value is a list of messages, as chats have it.
fn is_messages(value: &Value) -> bool {
    let is_message = |message: &Value| message.get("role").is_some_and(Value::is_string);
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_message))
}

fn messages_in(text: &str) -> Option<Value> {
    let opens = text.trim_start().strip_prefix('[')?.trim_start().starts_with('{');
    opens.then(|| serde_json::from_str(text).ok()).flatten().filter(is_messages)
}

/// A value as a message quotes it.
pub(super) fn told(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => quotable(&other.to_string()),
    }
}
