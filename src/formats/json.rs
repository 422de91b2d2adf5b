//! Reads single keys of a JSON object in place, without building a tree.
//!
//! Log lines need two to five of a dozen keys; decoding everything costs 3–8 times as much
//! (measured on etcd lines). Bad JSON gives `None`, never an error.

use crate::formats::near;
use crate::messages::Fields;
use std::borrow::Cow;

/// A JSON object as the field source of a structured message.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(pub &'a [u8]);

impl Fields for Object<'_> {
    /// Templates write the blanks in a name as underscores: etcd's `time spent` is `time_spent` there.
    fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        field(self.0, name)
    }
}

/// A field as [`Object`] gives it.
pub fn field<'a>(object: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    value(object, name.as_bytes())
        .or_else(|| name.contains('_').then(|| value(object, name.replace('_', " ").as_bytes()))?)
}

/// A field as [`Object`] gives it, of the part of an object that follows on one of its values.
pub fn field_behind<'a>(rest: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    let value = |key: &[u8]| Some(plain(entries_behind(rest).find(|(k, _)| *k == key)?.1));
    value(name.as_bytes()).or_else(|| name.contains('_').then(|| value(name.replace('_', " ").as_bytes()))?)
}

/// The text of a top-level string key.
pub fn text<'a>(object: &'a [u8], key: &[u8]) -> Option<Cow<'a, [u8]>> {
    let raw = raw(object, key)?;
    raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")).map(unescape)
}

/// A top-level value as text: strings unescaped, everything else as written.
pub fn value<'a>(object: &'a [u8], key: &[u8]) -> Option<Cow<'a, [u8]>> {
    raw(object, key).map(plain)
}

fn plain(raw: &[u8]) -> Cow<'_, [u8]> {
    match raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) {
        Some(inner) => unescape(inner),
        None => Cow::Borrowed(raw),
    }
}

/// A value by its path: `host.name` as one key with a dot in it, or as nested objects.
pub fn path<'a>(object: &'a [u8], path: &str) -> Option<Cow<'a, [u8]>> {
    if let Some(found) = value(object, path.as_bytes()) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    let inner = raw(object, first.as_bytes()).filter(|r| r.first() == Some(&b'{'))?;
    self::path(inner, rest)
}

/// The first of several paths that leads to a plain value.
pub fn first<'a>(object: &'a [u8], paths: &[&str]) -> Option<Cow<'a, [u8]>> {
    paths.iter().find_map(|p| path(object, p)).filter(|v| !v.is_empty() && !matches!(v.first(), Some(b'{' | b'[')))
}

/// The elements of an array, as written.
pub fn elements(array: &[u8]) -> Elements<'_> {
    Elements { rest: array.trim_ascii_start().strip_prefix(b"[").unwrap_or(b"") }
}

#[derive(Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        if rest.first() == Some(&b']') {
            return None;
        }
        // `[}`: no value at all, and no step forward.
        let end = value_end(rest).filter(|end| *end > 0)?;
        let (value, rest) = rest.split_at_checked(end)?;
        self.rest = rest;
        Some(value.trim_ascii_end())
    }
}

/// The values that stand one after the other in `text`, with or without line ends between them.
pub fn values(text: &[u8]) -> Values<'_> {
    Values { rest: text }
}

#[derive(Debug)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        // Record separators of `json-seq` (RFC 7464) and the `data:` of server-sent events stand in between.
        let at = self.rest.iter().position(|b| matches!(b, b'{' | b'['))?;
        let rest = self.rest.get(at..)?;
        let Some(end) = value_end(rest) else {
            self.rest = b"";
            return None;
        };
        let (value, rest) = rest.split_at_checked(end)?;
        self.rest = rest;
        Some(value)
    }
}

/// The bytes of a top-level value, quotes included.
pub fn raw<'a>(object: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    entries(object).find(|(k, _)| *k == key).map(|(_, v)| v)
}

/// Top-level keys (without quotes, still escaped) and values, in order.
pub fn entries(object: &[u8]) -> Entries<'_> {
    let rest = object.trim_ascii_start().strip_prefix(b"{").unwrap_or(b"");
    Entries { rest }
}

/// The same of the part of an object that follows on one of its values.
pub fn entries_behind(rest: &[u8]) -> Entries<'_> {
    Entries { rest }
}

#[derive(Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    /// What follows on the value taken last.
    pub fn left(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let key_end = string_end(rest)?;
        let key = rest.get(1..key_end)?;
        let rest = rest.get(key_end + 1..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let end = value_end(rest)?;
        let (value, rest) = rest.split_at_checked(end)?;
        self.rest = rest;
        Some((key, value.trim_ascii_end()))
    }
}

/// Index of the closing quote of the string that `text` begins with.
fn string_end(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'"') {
        return None;
    }
    let mut from = 1;
    loop {
        let at = from + near::either(text.get(from..)?, b'"', b'\\')?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// Index just after the value that `text` begins with.
fn value_end(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_end(text).map(|end| end + 1),
        b'{' | b'[' => {
            let mut depth = 0usize;
            let mut at = 0;
            loop {
                match text.get(at)? {
                    b'"' => at += string_end(text.get(at..)?)?,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        _ => text.iter().position(|b| matches!(b, b',' | b'}' | b']')),
    }
}

/// The same value on one line, as programs write it: without blanks between its parts.
pub fn compact(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let (mut quoted, mut escaped) = (false, false);
    for b in value {
        if quoted || !b.is_ascii_whitespace() {
            out.push(*b);
        }
        if *b == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && *b == b'\\' && !escaped;
    }
    Cow::Owned(out)
}

/// Resolves JSON escapes; text without a backslash is not copied.
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if near::either(text, b'\\', b'\\').is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while let Some(b) = text.get(i) {
        if *b != b'\\' {
            out.push(*b);
            i += 1;
            continue;
        }
        match text.get(i + 1) {
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'r') => out.push(b'\r'),
            Some(b'u') => {
                let code = text
                    .get(i + 2..i + 6)
                    .and_then(|h| std::str::from_utf8(h).ok())
                    .and_then(|h| u32::from_str_radix(h, 16).ok());
                let c = code.and_then(char::from_u32).unwrap_or('\u{fffd}');
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                i += 4;
            }
            Some(c) => out.push(*c),
            None => {}
        }
        i += 2;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_of_every_kind() {
        let line =
            br#"{"level":"warn","n": 12.5 ,"list":["a","}"],"in":{"msg":"no"},"msg":"a \"q\" \u00e9\n","took":"2.3s"}"#;
        assert_eq!(text(line, b"level").as_deref(), Some(&b"warn"[..]));
        assert_eq!(value(line, b"n").as_deref(), Some(&b"12.5"[..]));
        assert_eq!(value(line, b"list").as_deref(), Some(&br#"["a","}"]"#[..]));
        assert_eq!(text(line, b"msg").as_deref(), Some("a \"q\" é\n".as_bytes()));
        assert_eq!(text(line, b"took").as_deref(), Some(&b"2.3s"[..]));
        assert_eq!(text(line, b"none"), None);
    }

    #[test]
    fn walks_paths_arrays_and_streams_of_values() {
        let line = br#"{"host":{"name":"db1"},"a.b":"flat","list":[1,"x",{"y":[2]}],"empty":[]}"#;
        assert_eq!(path(line, "host.name").as_deref(), Some(&b"db1"[..]));
        assert_eq!(path(line, "a.b").as_deref(), Some(&b"flat"[..]));
        assert_eq!(first(line, &["host", "host.name"]), None, "an object is no plain value");
        let list: Vec<_> = elements(raw(line, b"list").unwrap()).collect();
        assert_eq!(list, [&b"1"[..], b"\"x\"", br#"{"y":[2]}"#]);
        assert_eq!(elements(raw(line, b"empty").unwrap()).count(), 0);
        assert_eq!(values(b"{\"a\":1}\n\x1e{\"a\":\n2}{\"cut").count(), 2);
    }

    #[test]
    fn an_object_of_many_lines_fits_on_one() {
        let many = b"{\n  \"a\": \"b \\\" c\",\n  \"n\": 1\n}";
        assert_eq!(compact(many).as_ref(), &br#"{"a":"b \" c","n":1}"#[..]);
    }

    #[test]
    fn broken_objects_end_quietly() {
        for bad in ["", "{", "{\"a", "{\"a\":", "{\"a\":\"x", "{\"a\":[1,", "[1]", "{\"a\" 1}", "{\"a\":\"\\"] {
            assert_eq!(text(bad.as_bytes(), b"a"), None, "{bad}");
        }
    }
}
