//! Tables in their places on a page: each between `<!-- learning: NAME -->` and `<!-- end -->`.

use std::fs;
use std::path::Path;

use super::Failure;

/// A table, and what its place is called.
pub struct Section {
    /// As the page has it.
    pub name: &'static str,
    /// Markdown.
    pub text: String,
}

const END: &str = "<!-- end -->";

/// Puts those sections that a page has places for in these.
///
/// # Errors
/// A page that cannot be read or written; one without such a place.
pub fn update(path: &Path, sections: &[Section]) -> Result<(), Failure> {
    let mut page = fs::read_to_string(path)?;
    let mut is_found = false;
    for section in sections {
        if let Some(updated) = put(&page, section) {
            (page, is_found) = (updated, true);
        }
    }
    if !is_found {
        return Err(format!("{}: no place for any table", path.display()).into());
    }
    Ok(fs::write(path, page)?)
}

fn put(page: &str, Section { name, text }: &Section) -> Option<String> {
    let begin = format!("<!-- learning: {name} -->\n");
    let start = page.find(&begin)? + begin.len();
    let end = start + page[start..].find(END)?;
    Some(format!("{}\n{}\n\n{}", &page[..start], text.trim(), &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::{Section, put};

    #[test]
    fn a_section_takes_the_place_of_the_one_before() {
        let page = "a\n<!-- learning: x -->\nold\n<!-- end -->\nb\n";
        let section = Section { name: "x", text: "| new |\n".to_owned() };
        let once = put(page, &section).unwrap();
        assert_eq!(once, "a\n<!-- learning: x -->\n\n| new |\n\n<!-- end -->\nb\n");
        assert_eq!(put(&once, &section).unwrap(), once);
        assert!(put(page, &Section { name: "y", text: String::new() }).is_none());
    }
}
