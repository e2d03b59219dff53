//! What is said of a picture, for whoever cannot see it.

/// Text as it stands in HTML and SVG.
pub(super) fn escaped(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => told.push_str("&amp;"),
            '<' => told.push_str("&lt;"),
            '>' => told.push_str("&gt;"),
            '"' => told.push_str("&quot;"),
            other => told.push(other),
        }
    }
    told
}

/// A picture with its title and description for whoever cannot see it.
pub(super) fn described(svg: &str, title: &str, description: &str) -> String {
    let (title, description) = (escaped(title), escaped(description));
    let told = format!(">\n<title>{title}</title>\n<desc>{description}</desc>");
    svg.replacen("<svg ", "<svg role=\"img\" ", 1).replacen('>', &told, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_before_what_is_drawn() {
        assert_eq!(
            described("<svg width=\"1\"><g/></svg>", "T<", "D & \"E\""),
            "<svg role=\"img\" width=\"1\">\n<title>T&lt;</title>\n\
             <desc>D &amp; &quot;E&quot;</desc><g/></svg>"
        );
    }
}
