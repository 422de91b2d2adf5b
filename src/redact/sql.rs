//! Literals in the statements that PostgreSQL logs.

use std::borrow::Cow;

/// What a statement follows in a log line.
const MARKS: &[&str] = &[
    "statement: ",
    "STATEMENT:  ",
    "QUERY:  ",
    "parameters: ",
    "Key (",
    "Failing row contains (",
    "\"statement\":\"",
    "\"query\":\"",
    "\"internal_query\":\"",
    "execute ",
    "bind ",
    "parse ",
];

/// The line without the literals of its statement. `open`: a statement of the line before goes on in this one.
pub fn without_literals<'a>(line: &'a str, open: &mut bool) -> Cow<'a, str> {
    let continued = *open && line.starts_with(['\t', ' ']);
    let start = if continued { Some(0) } else { MARKS.iter().filter_map(|m| Some(line.find(m)? + m.len())).min() };
    let Some(start) = start else {
        *open = false;
        return Cow::Borrowed(line);
    };
    // `execute <unnamed>: select …`: anything else that begins so is prose.
    let before = line.get(..start).unwrap_or("");
    let named = ["execute ", "bind ", "parse "].iter().any(|m| before.ends_with(m));
    if !continued
        && named
        && line.get(start..).is_none_or(|r| r.split_once(": ").is_none_or(|(name, _)| name.contains(' ')))
    {
        *open = false;
        return Cow::Borrowed(line);
    }
    *open = true;
    let mut out = before.to_owned();
    let values = before.ends_with("Key (") || before.ends_with("contains (");
    literals(line.get(start..).unwrap_or(""), values, &mut out);
    Cow::Owned(out)
}

/// A stable stand-in for a literal: equal literals stay equal.
fn stand_in(literal: &str) -> String {
    // FNV-1a, folded to four digits: enough to see what repeats, too little to tell what it was.
    let hash = literal.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{:04}", (hash ^ hash >> 32) % 10_000)
}

fn literals(sql: &str, values: bool, out: &mut String) {
    let bytes = sql.as_bytes();
    let mut i = 0;
    while let Some(b) = bytes.get(i) {
        let word_before =
            i > 0 && bytes.get(i - 1).is_some_and(|p| p.is_ascii_alphanumeric() || matches!(p, b'_' | b'$' | b'"'));
        if *b == b'\'' {
            let mut end = i + 1;
            while let Some(c) = bytes.get(end) {
                if *c == b'\'' {
                    if bytes.get(end + 1) == Some(&b'\'') {
                        end += 2;
                        continue;
                    }
                    break;
                }
                end += 1;
            }
            out.push_str(&format!("'s{}'", stand_in(sql.get(i + 1..end.min(bytes.len())).unwrap_or(""))));
            i = end + 1;
        } else if values && *b == b'(' && out.ends_with('=') {
            let end = sql.get(i..).and_then(|r| r.find(')')).map_or(bytes.len(), |n| i + n);
            out.push_str(&format!("(s{}", stand_in(sql.get(i..end).unwrap_or(""))));
            i = end;
        } else if b.is_ascii_digit() && !word_before {
            let end =
                bytes.iter().skip(i).position(|c| !(c.is_ascii_digit() || *c == b'.')).map_or(bytes.len(), |n| i + n);
            out.push_str(&stand_in(sql.get(i..end).unwrap_or("")));
            i = end;
        } else {
            let next = sql.get(i..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8);
            out.push_str(sql.get(i..i + next).unwrap_or(""));
            i += next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_go_and_the_statement_stays() {
        let mut open = false;
        let out = without_literals("LOG:  execute S_1: SELECT $1, t2.a FROM t2 WHERE n = 'Bob' AND k = 77", &mut open)
            .into_owned();
        assert!(
            open && out.contains("SELECT $1, t2.a FROM t2") && !out.contains("Bob") && !out.contains("77 "),
            "{out}"
        );
        assert!(!without_literals("\tAND z = 'Eve'", &mut open).contains("Eve"));
        assert!(!without_literals("DETAIL:  Key (mail)=(bob@x.y) already exists.", &mut open).contains("bob"));
        assert_eq!(
            without_literals("could not execute the action 'x' now", &mut open),
            "could not execute the action 'x' now"
        );
        assert!(!open);
    }
}
