//! [`Document`]: a page of prose, tables and pictures, as Markdown with its pictures in files, and as
//! one HTML page that holds all of it and needs no script, no font and no network.

use std::fmt::Write as _;

use super::described::escaped;

/// What a page holds, from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// The title of a part.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// Words set as they stand, under a title that opens them.
    Details(String, String),
    /// A table.
    Table(Table),
    /// A picture.
    Figure(Figure),
}

/// Rows of text, the first column being what each is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The columns' titles.
    pub head: Vec<String>,
    /// A cell a column.
    pub rows: Vec<Vec<String>>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The name of its files, without `.svg` and `.png`.
    pub name: String,
    /// Its SVG, with title and description in it.
    pub svg: String,
    /// What it shows, in a line.
    pub title: String,
    /// What there is to see, and how to read it.
    pub caption: String,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Its pictures.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure(figure) => Some(figure),
            _ => None,
        })
    }

    /// Puts a picture before all others.
    pub fn put_first(&mut self, figure: Figure) {
        let is_text = |block: &Block| matches!(block, Block::Text(_));
        let place = self.blocks.iter().position(|block| !is_text(block));
        self.blocks.insert(place.unwrap_or(self.blocks.len()), Block::Figure(figure));
    }

    /// The page as Markdown, its pictures by the names of their files.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for block in &self.blocks {
            text.push('\n');
            text.push_str(&match block {
                Block::Heading(title) => format!("## {title}\n"),
                Block::Text(words) => format!("{words}\n"),
                Block::Details(title, words) => {
                    format!("{title}:\n\n```\n{}\n```\n", words.trim_end())
                }
                Block::Table(table) => table.markdown(),
                Block::Figure(Figure { name, title, caption, .. }) => {
                    format!("![{title}]({name}.svg)\n\n{caption}\n")
                }
            });
        }
        text
    }

    /// The page as one file of HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
             <h1>{title}</h1>\n"
        );
        for block in &self.blocks {
            text.push_str(&match block {
                Block::Heading(title) => format!("<h2>{}</h2>\n", escaped(title)),
                Block::Text(words) => format!("<p>{}</p>\n", escaped(words)),
                Block::Details(title, words) => format!(
                    "<details>\n<summary>{}</summary>\n<pre>{}</pre>\n</details>\n",
                    escaped(title),
                    escaped(words)
                ),
                Block::Table(table) => table.html(),
                Block::Figure(Figure { svg, caption, .. }) => format!(
                    "<figure>\n{}\n<figcaption>{}</figcaption>\n</figure>\n",
                    svg.trim_end(),
                    escaped(caption)
                ),
            });
        }
        text.push_str("</main>\n</body>\n</html>\n");
        text
    }
}

impl Table {
    fn markdown(&self) -> String {
        let row = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = |place: usize| if place == 0 { "---" } else { "---:" };
        let rules: Vec<&str> = (0..self.head.len()).map(rule).collect();
        let mut text =
            format!("{}\n\n{}| {} |\n", self.caption, row(&self.head), rules.join(" | "));
        self.rows.iter().for_each(|cells| text.push_str(&row(cells)));
        text
    }

    fn html(&self) -> String {
        let caption = escaped(&self.caption);
        let mut text =
            format!("<div class=\"wide\">\n<table>\n<caption>{caption}</caption>\n<thead>");
        let cells = |text: &mut String, cells: &[String], kind: [&str; 2]| {
            text.push_str("<tr>");
            for (place, cell) in cells.iter().enumerate() {
                let (kind, scope) = match place {
                    0 if kind[0] == "th" && kind[1] == "td" => ("th", " scope=\"row\""),
                    _ if kind[1] == "th" => ("th", " scope=\"col\""),
                    _ => (kind[1], ""),
                };
                // Writing to a text cannot fail.
                let _ = write!(text, "<{kind}{scope}>{}</{kind}>", escaped(cell));
            }
            text.push_str("</tr>\n");
        };
        cells(&mut text, &self.head, ["th", "th"]);
        text.push_str("</thead>\n<tbody>\n");
        self.rows.iter().for_each(|row| cells(&mut text, row, ["th", "td"]));
        text.push_str("</tbody>\n</table>\n</div>\n");
        text
    }
}

/// Light and dark. Pictures carry the light colours as attributes, which a style overrides.
const STYLE: &str = "\
:root { color-scheme: light dark; }
body { margin: 0; background: #fff; color: #282828; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 3rem; border-top: 1px solid #bbb; padding-top: 1rem; }
p, figcaption { max-width: 46rem; }
figure { margin: 1.5rem 0; }
figure svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; margin: 1.5rem 0; }
table { border-collapse: collapse; min-width: 26rem; font-variant-numeric: tabular-nums; font-size: .9rem; }
caption { text-align: left; padding: .3rem 0; max-width: 46rem; }
th, td { padding: .2rem .6rem; text-align: right; white-space: nowrap; }
th:first-child { text-align: left; font-weight: normal; }
thead th, thead th:first-child { white-space: normal; vertical-align: bottom; font-weight: bold; border-bottom: 1px solid #888; }
tbody tr:nth-child(even) { background: #8881; }
pre { overflow-x: auto; font-size: .8rem; }
@media (prefers-color-scheme: dark) {
body { background: #16181b; color: #e6e6e6; }
svg [fill=\"#FFFFFF\"] { fill: #16181b; }
svg [fill=\"#282828\"] { fill: #e6e6e6; }
svg [stroke=\"#282828\"] { stroke: #e6e6e6; }
svg [stroke=\"#E1E1E1\"] { stroke: #3a3d42; }
svg [fill=\"#005AAA\"] { fill: #6cb4ff; }
svg [stroke=\"#005AAA\"] { stroke: #6cb4ff; }
svg [fill=\"#E68200\"] { fill: #ffab40; }
svg [stroke=\"#E68200\"] { stroke: #ffab40; }
svg [fill=\"#009E73\"] { fill: #3fd6a8; }
svg [stroke=\"#009E73\"] { stroke: #3fd6a8; }
svg [fill=\"#965A8C\"] { fill: #d79bcb; }
svg [stroke=\"#965A8C\"] { stroke: #d79bcb; }
svg [fill=\"#6E6E6E\"] { fill: #a9a9a9; }
svg [stroke=\"#6E6E6E\"] { stroke: #a9a9a9; }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_its_blocks_in_both_forms() {
        let table = Table {
            caption: "a < b".to_owned(),
            head: vec!["of".to_owned(), "1|2".to_owned()],
            rows: vec![vec!["x & y".to_owned(), "3".to_owned()]],
        };
        let svg = "<svg role=\"img\" width=\"1\"/>".to_owned();
        let figure =
            Figure { name: "a".to_owned(), svg, title: "T".to_owned(), caption: "C".to_owned() };
        let blocks = vec![
            Block::Heading("H".to_owned()),
            Block::Text("<p>".to_owned()),
            Block::Table(table),
            Block::Figure(figure),
        ];
        let document = Document { title: "A & B".to_owned(), blocks };
        let markdown = document.markdown();
        assert!(markdown.contains("| of | 1\\|2 |\n| --- | ---: |\n| x & y | 3 |\n"), "{markdown}");
        assert!(markdown.contains("![T](a.svg)\n\nC\n"), "{markdown}");
        let html = document.html();
        for part in [
            "<title>A &amp; B</title>",
            "<p>&lt;p&gt;</p>",
            "<caption>a &lt; b</caption>",
            "<th scope=\"row\">x &amp; y</th><td>3</td>",
            "<th scope=\"col\">1|2</th>",
            "<figcaption>C</figcaption>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
