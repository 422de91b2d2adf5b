//! Makes hostile text harmless for each output.

/// Characters that change how a terminal or reader shows the rest: controls, bidi marks, invisible ones.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}' | '\u{ad}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// For terminals: unsafe characters become visible escapes, tabs spaces; at most `max` characters, cut in the middle.
pub fn terminal(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if is_unsafe(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    middle_cut(&out, max)
}

/// For HTML text and quoted attributes: markup and unsafe characters become visible text.
pub fn html(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in terminal(text, max).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn middle_cut(text: &str, max: usize) -> String {
    let count = text.chars().count();
    if count <= max || max < 8 {
        return text.to_owned();
    }
    let tail = max / 3;
    let head = max - tail - 1;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// Characters of one text in Markdown.
const LONGEST: usize = 2_000;

/// For Markdown running text: whatever would start markup is escaped.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal(text, LONGEST).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// For a Markdown code span: longer fences than any inside.
pub fn markdown_code(text: &str) -> String {
    let text = terminal(text, 400);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// A code span in a cell of a table, where a bar would end the cell. A bar behind a backslash can't be told from an
/// escaped backslash before a bar (GitHub's Markdown, tables): it becomes a broken bar.
pub fn markdown_cell(text: &str) -> String {
    markdown_code(&text.replace("\\|", "\\¦")).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_do_not_reach_the_terminal() {
        assert_eq!(terminal("a\x1b[31mred\x07\u{202e}x", 80), "a\\u{1b}[31mred\\u{7}\\u{202e}x");
        assert_eq!(terminal("abcdefghijklmnop", 10), "abcdef…nop");
    }

    #[test]
    fn markup_does_not_reach_markdown() {
        assert_eq!(markdown("<img> [x](y) | `z`"), "\\<img\\> \\[x\\](y) \\| \\`z\\`");
        assert_eq!(markdown_code("a``b"), "```a``b```");
    }
}
