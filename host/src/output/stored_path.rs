//! Paths in JSON (`#[serde(with = "stored_path")]`): text, or, where a path is none, a list of the
//! units that the system has of it, so that every path is read back as it was.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a path")]
enum Stored {
    Text(String),
    Units(Vec<u16>),
}

impl From<&Path> for Stored {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Units(units(path.as_os_str())),
        }
    }
}

impl Stored {
    fn path(self) -> Option<PathBuf> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Units(units) => of_units(units).map(PathBuf::from),
        }
    }
}

/// The bytes of a path.
#[cfg(unix)]
fn units(path: &OsStr) -> Vec<u16> {
    use std::os::unix::ffi::OsStrExt;
    path.as_bytes().iter().copied().map(u16::from).collect()
}

#[cfg(unix)]
fn of_units(units: Vec<u16>) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    let bytes = units.into_iter().map(|unit| u8::try_from(unit).ok());
    bytes.collect::<Option<_>>().map(OsString::from_vec)
}

/// The 16-bit units of a path.
#[cfg(windows)]
fn units(path: &OsStr) -> Vec<u16> {
    std::os::windows::ffi::OsStrExt::encode_wide(path).collect()
}

#[cfg(windows)]
fn of_units(units: Vec<u16>) -> Option<OsString> {
    Some(std::os::windows::ffi::OsStringExt::from_wide(&units))
}

pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    Stored::from(path).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Stored::deserialize(deserializer)?.path().ok_or_else(|| D::Error::custom("expected a path"))
}

/// The same of a path that may be missing (`#[serde(with = "stored_path::optional")]`).
pub(super) mod optional {
    use super::{Deserialize, Deserializer, PathBuf, Serialize, Serializer, Stored};
    use serde::de::Error as _;

    pub(in crate::output) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_deref().map(Stored::from).serialize(serializer)
    }

    pub(in crate::output) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let path =
            |stored: Stored| stored.path().ok_or_else(|| D::Error::custom("expected a path"));
        Option::deserialize(deserializer)?.map(path).transpose()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Paths {
        #[serde(with = "super")]
        one: PathBuf,
        #[serde(with = "super::optional")]
        other: Option<PathBuf>,
    }

    #[test]
    fn every_path_is_read_back() {
        let odd = PathBuf::from(OsString::from_vec(b"/data/\xff\n\xc3\xa4".to_vec()));
        for (one, other) in
            [("/data/a".into(), None), (odd.clone(), Some("b".into())), ("ä".into(), Some(odd))]
        {
            let paths = Paths { one, other };
            let json = serde_json::to_string(&paths).unwrap();
            assert_eq!(serde_json::from_str::<Paths>(&json).unwrap(), paths, "{json}");
        }
        assert!(serde_json::from_str::<Paths>(r#"{"one":[256],"other":null}"#).is_err());
    }
}
