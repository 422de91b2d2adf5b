//! Tables drawn with `|`, `+--`, or box characters: rows of trimmed cells with their line numbers.

use super::sheet::{Line, lines};

/// A header and the rows below it.
#[derive(Debug)]
pub struct Table<'a> {
    pub header: Vec<&'a str>,
    pub header_line: Line<'a>,
    pub rows: Vec<Row<'a>>,
}

#[derive(Debug)]
pub struct Row<'a> {
    pub line: Line<'a>,
    pub cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    pub fn get(&self, column: usize) -> &'a str {
        self.cells.get(column).copied().unwrap_or("")
    }
}

impl Table<'_> {
    /// Column whose title is one of `names`, whatever its case; the first of several.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        self.header.iter().position(|h| names.iter().any(|n| h.eq_ignore_ascii_case(n)))
    }
}

/// Whether a line separates parts of a table: `+----+`, `├──┼──┤`, psql's `---+---`.
pub fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() >= 3 && line.chars().all(|c| matches!(c, '+' | '-' | '=' | '|' | '─'..='╿'))
}

fn bar(c: char) -> bool {
    matches!(c, '|' | '│' | '┃' | '║')
}

/// The cells of a row; `None` if the line is not drawn as one.
pub fn cells(line: &str) -> Option<Vec<&str>> {
    split(line, line.trim_start().starts_with(bar))
}

/// psql's aligned rows have bars between cells only, and then a leading bar follows an empty cell.
fn split(line: &str, framed: bool) -> Option<Vec<&str>> {
    let line = line.trim();
    if is_rule(line) || !line.contains(bar) {
        return None;
    }
    let inner = match line.strip_prefix(bar).filter(|_| framed) {
        Some(rest) => rest.strip_suffix(bar).unwrap_or(rest),
        None => line,
    };
    Some(inner.split(bar).map(str::trim).collect())
}

/// All tables of a text whose header satisfies `wanted`. Other lines end a table.
pub fn tables<'a>(text: &'a str, wanted: fn(&[&str]) -> bool) -> Vec<Table<'a>> {
    let mut found: Vec<Table<'a>> = Vec::new();
    let (mut open, mut framed) = (false, false);
    for line in lines(text) {
        let row = if open { split(line.text, framed) } else { cells(line.text) };
        match row {
            Some(cells) if wanted(&cells) => {
                found.push(Table { header: cells, header_line: line, rows: Vec::new() });
                (open, framed) = (true, line.text.trim_start().starts_with(bar));
            }
            Some(cells) if open => {
                if let Some(table) = found.last_mut() {
                    table.rows.push(Row { line, cells });
                }
            }
            Some(_) => {}
            None if line.text.trim().is_empty() || is_rule(line.text) => {}
            None => open = false,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ascii_and_box_tables() {
        for text in [
            "+---+---+\n| A | B |\n+---+---+\n| 1 |   |\n+---+---+\n",
            "┌───┬───┐\n│ A │ B │\n├───┼───┤\n│ 1 │   │\n└───┴───┘\n",
            " A | B \n---+---\n 1 | \n(1 row)\n",
        ] {
            let tables = tables(text, |h| h.first() == Some(&"A"));
            assert_eq!(tables.len(), 1, "{text}");
            assert_eq!(tables[0].header, ["A", "B"]);
            assert_eq!(tables[0].rows.len(), 1, "{text}");
            assert_eq!(tables[0].rows[0].cells, ["1", ""]);
        }
    }
}
