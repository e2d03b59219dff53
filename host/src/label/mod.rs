//! Who answers.

pub mod oracle;
