//! [`Token`]: what an annotator's address ends in and nobody else can guess.

use std::fmt;

use crate::error::{Error, Result};

/// 128 random bits of the operating system: no seed gives them again.
#[derive(Clone, Copy)]
pub(super) struct Token([u8; 16]);

impl Token {
    /// A new one.
    pub fn draw() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::io("random numbers of the system", "read", error.into()))?;
        Ok(Self(bytes))
    }

    /// Whether a text is it. How long that takes does not tell how much of it is right.
    pub fn is(&self, text: &str) -> bool {
        let own = self.to_string();
        let differing = own.bytes().zip(text.bytes()).fold(0, |bits, (a, b)| bits | (a ^ b));
        own.len() == text.len() && std::hint::black_box(differing) == 0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn only_the_whole_text_is_the_token() {
        let token = Token([7; 16]);
        let text = token.to_string();
        assert_eq!(text, "07".repeat(16));
        assert!(token.is(&text));
        for other in ["", "07", &text[1..], &format!("{text}0"), &text.replace("07", "70")] {
            assert!(!token.is(other), "{other:?}");
        }
    }

    #[test]
    fn no_two_are_alike() {
        assert_ne!(Token::draw().unwrap().to_string(), Token::draw().unwrap().to_string());
    }
}
