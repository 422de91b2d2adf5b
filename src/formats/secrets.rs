//! Takes passwords, tokens and keys out of a line before any part of it is kept.
//!
//! Configs come with credentials in a dozen spellings; what is hidden here can never be printed.
//! Hiding too much costs a word in a report, hiding too little costs a password: when in doubt, hide.

use crate::formats::near;
use aho_corasick::packed::Searcher;
use std::borrow::Cow;
use std::sync::OnceLock;

const STARS: &str = "***";

/// A name that holds one of these hides its value.
static NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passfile",
    "pwd",
    "secret",
    "token",
    "cipher-pass",
    "cipher_pass",
    "auth_pass",
    "auth-pass",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "private_key",
    "private-key",
    "privatekey",
    "credential",
    "authorization",
    "md5_hash",
    "sas_key",
];

/// Names that only look like secrets.
static HARMLESS: &[&str] = &[
    "password_encryption",
    "initial-cluster-token",
    "initial_cluster_token",
    "auth-token",
    "auth_token_ttl",
    "password_required",
    "secretname",
    "secret_name",
    "secretkeyref",
    "password_file",
    "token_reviewer",
];

/// Whether a setting of this name must never be shown with its value.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    holds_name(&name) && !HARMLESS.iter().any(|h| name.ends_with(h))
}

/// The line with every secret replaced by `***`. Lines without one are not copied.
pub fn masked(line: &str) -> Cow<'_, str> {
    let hide = found(line);
    if hide.is_empty() {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    for (from, to) in hide {
        if from >= at
            && let Some(kept) = line.get(at..from)
        {
            out.push_str(kept);
            out.push_str(STARS);
            at = to;
        } else {
            at = at.max(to);
        }
    }
    out.push_str(line.get(at..).unwrap_or(""));
    Cow::Owned(out)
}

/// A part of `line` (a cell, a value) without the secrets of the whole line: alone it may not look like one.
pub fn masked_part<'a>(part: &'a str, line: &str) -> Cow<'a, str> {
    let mut out = masked(part);
    for (from, to) in found(line) {
        if let Some(secret) = line.get(from..to).map(str::trim).filter(|s| s.len() > 2)
            && out.contains(secret)
        {
            out = Cow::Owned(out.replace(secret, STARS));
        }
    }
    out
}

/// What stands in every line that holds a secret, besides [`NAMES`], options, URLs and keys in base64 that fill a line.
static SIGNS: &[&str] = &["bearer ", "basic ", " -u ", "sshpass", "scram-sha-256$", "md5", "akia"];

/// Whether a line in small letters holds a name or a sign. Most lines hold none; one search for all of them tells, and
/// this search is the fastest there is for so few words. Where a processor has no instructions for it, every line is
/// looked at closely.
fn suspicious(lower: &str) -> bool {
    static WORDS: OnceLock<Option<Searcher>> = OnceLock::new();
    let words = || Searcher::new(NAMES.iter().chain(SIGNS));
    let words = WORDS.get_or_init(words).as_ref();
    words.is_none_or(|w| w.find(lower).is_some()) || near::any_before(lower.as_bytes(), b'-', b'-', b'-')
}

/// Whether a text in small letters holds one of [`NAMES`].
fn holds_name(lower: &str) -> bool {
    static WORDS: OnceLock<Option<Searcher>> = OnceLock::new();
    match WORDS.get_or_init(|| Searcher::new(NAMES)) {
        Some(words) => words.find(lower).is_some(),
        None => NAMES.iter().any(|n| lower.contains(n)),
    }
}

/// Where secrets stand in a line, in order.
fn found(line: &str) -> Vec<(usize, usize)> {
    let mut hide = Vec::new();
    let lower = line.to_ascii_lowercase();
    keys(line, &mut hide);
    if suspicious(&lower) {
        settings(line, &lower, &mut hide);
        sql_and_headers(line, &lower, &mut hide);
        options(line, &lower, &mut hide);
        hashes(line, &mut hide);
    }
    // Many lines name a server by its URL and hold nothing else.
    if near::any_before(line.as_bytes(), b'/', b'/', b'/') {
        urls(line, &mut hide);
    }
    hide.sort_unstable();
    hide
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

/// `name = value`, `name: value`, `"name": "value"`, `NAME=value`, `name='a b'`.
fn settings(line: &str, lower: &str, hide: &mut Vec<(usize, usize)>) {
    let bytes = lower.as_bytes();
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|r| r.iter().position(|b| matches!(b, b'=' | b':'))) {
        let sign = from + at;
        from = sign + 1;
        let mut end = sign;
        // Blanks and the name's closing quote may stand before the sign.
        while end > 0 && matches!(bytes.get(end - 1), Some(b' ' | b'\t' | b'"' | b'\'' | b'\\')) {
            end -= 1;
        }
        let mut start = end;
        while start > 0 && bytes.get(start - 1).is_some_and(|b| is_name_byte(*b)) {
            start -= 1;
        }
        let Some(name) = lower.get(start..end) else { continue };
        if !is_secret_name(name) {
            continue;
        }
        let yaml = bytes.get(sign) == Some(&b':');
        // `https://…` after a name such as `tokenUrl` is a URL, handled elsewhere.
        if let Some(range) = value(line, sign + 1, yaml) {
            from = range.1.max(from);
            hide.push(range);
        }
    }
}

/// The extent of a value that begins at `at`, quotes not included.
fn value(line: &str, at: usize, to_line_end: bool) -> Option<(usize, usize)> {
    let bytes = line.as_bytes();
    let mut start = at;
    while matches!(bytes.get(start), Some(b' ' | b'\t' | b'=')) {
        start += 1;
    }
    let first = *bytes.get(start)?;
    let (quote, len): (&[u8], usize) = match first {
        b'\\' if bytes.get(start + 1) == Some(&b'"') => (b"\\\"", 2),
        b'\'' if bytes.get(start + 1) == Some(&b'\'') => (b"''", 2),
        b'"' => (b"\"", 1),
        b'\'' => (b"'", 1),
        _ => (b"", 0),
    };
    if len > 0 {
        let inner = start + len;
        let mut i = inner;
        while i < bytes.len() {
            let rest = bytes.get(i..)?;
            if len == 1 && rest.first() == Some(&b'\\') {
                i += 2;
            } else if rest.starts_with(quote) {
                // A doubled quote inside a quoted string belongs to it.
                if len == 1 && rest.get(1) == quote.first() {
                    i += 2;
                    continue;
                }
                return (i > inner).then_some((inner, i));
            } else {
                i += 1;
            }
        }
        return (bytes.len() > inner).then_some((inner, bytes.len()));
    }
    let in_list = line.get(..start)?.contains(['{', '[', '\'', '"']);
    let stops = |b: u8| {
        if to_line_end && !in_list {
            false
        } else {
            b.is_ascii_whitespace() || matches!(b, b',' | b';' | b'&' | b'}' | b'\'' | b'"')
        }
    };
    let end = bytes.iter().skip(start).position(|b| stops(*b)).map_or(line.trim_end().len(), |n| start + n);
    // Block scalars, anchors and references to other objects are no secrets themselves.
    let text = line.get(start..end)?;
    (end > start && !matches!(text, "|" | ">" | "|-" | ">-" | "null" | "~" | "true" | "false")).then_some((start, end))
}

/// `PASSWORD 'x'` of SQL, `Authorization: Basic x`, `Bearer x`.
fn sql_and_headers(line: &str, lower: &str, hide: &mut Vec<(usize, usize)>) {
    for (word, _) in lower.match_indices("password ") {
        let at = word + "password ".len();
        if line.as_bytes().get(at) == Some(&b'\'')
            && let Some(range) = value(line, at, false)
        {
            hide.push(range);
        }
    }
    for word in ["bearer ", "basic "] {
        for (at, _) in lower.match_indices(word) {
            let start = at + word.len();
            let end = line.get(start..).and_then(|r| r.find([' ', '"', '\''])).map_or(line.len(), |n| start + n);
            // A token is long; "basic settings" is prose.
            if end - start >= 12
                && line.get(start..end).is_some_and(|t| t.chars().any(|c| c.is_ascii_digit() || c == '='))
            {
                hide.push((start, end));
            }
        }
    }
}

/// `--password x`, `--user root:x`, `-u root:x`, `sshpass -p x`.
fn options(line: &str, lower: &str, hide: &mut Vec<(usize, usize)>) {
    let word_at = |at: usize| {
        let start = at + line.get(at..).map_or(0, |r| r.len() - r.trim_start_matches([' ', '=']).len());
        let end = line.get(start..).and_then(|r| r.find(char::is_whitespace)).map_or(line.len(), |n| start + n);
        (start < end).then_some((start, end))
    };
    for (at, name) in lower.match_indices("--").filter_map(|(at, _)| {
        let rest = lower.get(at + 2..)?;
        let end = rest.find(|c: char| !is_name_byte(c as u8) || !c.is_ascii()).unwrap_or(rest.len());
        Some((at + 2 + end, rest.get(..end)?))
    }) {
        if line.as_bytes().get(at) == Some(&b' ')
            && is_secret_name(name)
            && let Some((start, end)) = word_at(at)
            && !line.get(start..end).is_some_and(|w| w.starts_with('-'))
        {
            hide.push((start, end));
        }
        if name == "user" {
            credentials(line, word_at(at), hide);
        }
    }
    for (at, _) in lower.match_indices(" -u ") {
        credentials(line, word_at(at + 3), hide);
    }
    if let Some(at) = lower.find("sshpass -p")
        && let Some(range) = word_at(at + "sshpass -p".len())
    {
        hide.push(range);
    }
}

/// The part after the colon of `user:password`.
fn credentials(line: &str, word: Option<(usize, usize)>, hide: &mut Vec<(usize, usize)>) {
    let Some((start, end)) = word else { return };
    if let Some(colon) = line.get(start..end).and_then(|w| w.find(':'))
        && start + colon + 1 < end
    {
        hide.push((start + colon + 1, end));
    }
}

/// `scheme://user:password@host`.
fn urls(line: &str, hide: &mut Vec<(usize, usize)>) {
    for (at, _) in line.match_indices("://") {
        let start = at + 3;
        let Some(rest) = line.get(start..) else { continue };
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '"' | '\'' | ',')).unwrap_or(rest.len());
        // A password may hold a slash; the last `@` before a blank still ends it.
        let wide = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let host = rest.get(..end).and_then(|r| r.rfind('@')).or_else(|| {
            let first = rest.get(..end)?;
            let looks_like_port = first.rsplit(':').next().is_some_and(|p| p.chars().all(|c| c.is_ascii_digit()));
            if first.contains(':') && !looks_like_port { rest.get(..wide)?.rfind('@') } else { None }
        });
        if let Some(host) = host
            && let Some(colon) = rest.get(..host).and_then(|r| r.find(':'))
            && colon + 1 < host
        {
            hide.push((start + colon + 1, start + host));
        }
    }
}

/// Lines of long base64: keys.
fn keys(line: &str, hide: &mut Vec<(usize, usize)>) {
    let text = line.trim();
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if text.len() >= 60 && text.bytes().all(base64) && !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let start = line.len() - line.trim_start().len();
        hide.push((start, start + text.len()));
    }
}

/// Password hashes of PostgreSQL, AWS key ids.
fn hashes(line: &str, hide: &mut Vec<(usize, usize)>) {
    for (at, _) in line.match_indices("SCRAM-SHA-256$") {
        let end = line.get(at..).and_then(|r| r.find([' ', '\'', '"', '|', ','])).map_or(line.len(), |n| at + n);
        hide.push((at, end));
    }
    for (at, _) in line.match_indices("md5") {
        let hex = line.get(at + 3..).map_or(0, |r| r.bytes().take_while(u8::is_ascii_hexdigit).count());
        if hex == 32 {
            hide.push((at, at + 35));
        }
    }
    for (at, _) in line.match_indices("AKIA") {
        let len = line.get(at..).map_or(0, |r| r.bytes().take_while(u8::is_ascii_alphanumeric).count());
        if len == 20 {
            hide.push((at, at + 20));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_what_stands_behind_secret_names() {
        for (line, want) in [
            ("      password: rep-pass", "      password: ***"),
            ("      password: two words # c", "      password: ***"),
            ("    password: 'it''s' ", "    password: '***' "),
            ("PATRONI_REPLICATION_PASSWORD=abc", "PATRONI_REPLICATION_PASSWORD=***"),
            ("ETCD_PASSWORD=\"a b\"", "ETCD_PASSWORD=\"***\""),
            (r#"{"username":"x","password":"s3,cret","ttl":30}"#, r#"{"username":"x","password":"***","ttl":30}"#),
            (r#""{\"password\": \"x\", \"a\": 1}""#, r#""{\"password\": \"***\", \"a\": 1}""#),
            (
                "primary_conninfo = 'user=rep password=abc host=10.0.0.1'",
                "primary_conninfo = 'user=rep password=*** host=10.0.0.1'",
            ),
            (
                "primary_conninfo = 'user=rep password=''a b'' host=x'",
                "primary_conninfo = 'user=rep password=''***'' host=x'",
            ),
            ("repo1-cipher-pass=x/y", "repo1-cipher-pass=***"),
            ("repo1-s3-key-secret=abc", "repo1-s3-key-secret=***"),
            ("bearer_token: abc.def", "bearer_token: ***"),
            ("PGPASSWORD=abc psql -h x", "PGPASSWORD=*** psql -h x"),
        ] {
            assert_eq!(masked(line), want, "{line}");
        }
    }

    #[test]
    fn hides_credentials_in_urls_options_headers_and_sql() {
        for (line, want) in [
            ("uri: postgres://u:p@h:5432/db", "uri: postgres://u:***@h:5432/db"),
            ("etcd: http://root:p/w@10.0.0.1:2379", "etcd: http://root:***@10.0.0.1:2379"),
            ("etcdctl --user root:abc endpoint status", "etcdctl --user root:*** endpoint status"),
            ("etcdctl --user=root:abc member list", "etcdctl --user=root:*** member list"),
            ("etcdctl --user root --password abc x", "etcdctl --user root --password *** x"),
            ("curl -k -u admin:abc https://h:8008", "curl -k -u admin:*** https://h:8008"),
            ("Authorization: Basic cGF0cm9uaTpwYXRyb25p", "Authorization: ***"),
            ("-H 'Bearer eyJhbGciOiJIUzI1NiJ9.x'", "-H 'Bearer ***'"),
            ("ALTER ROLE r PASSWORD 'abc' VALID", "ALTER ROLE r PASSWORD '***' VALID"),
            ("| md50123456789abcdef0123456789abcdef |", "| *** |"),
            ("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB", "  ***"),
        ] {
            assert_eq!(masked(line), want, "{line}");
        }
    }

    #[test]
    fn leaves_everything_else_alone() {
        for line in [
            "ttl: 30",
            "initial-cluster-token: prod",
            "password_encryption = scram-sha-256",
            "http://10.0.1.11:2379 is healthy: successfully committed proposal: took = 3ms",
            "2021-02-01 13:45:05,683 INFO: no action. I am (a), the leader",
            "etcdserver: invalid auth token",
            "log_line_prefix = '%t [%p]: user=%u,db=%d '",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "ünïcödé: größe",
        ] {
            assert_eq!(masked(line), line);
        }
    }

    #[test]
    fn broken_input_does_no_harm() {
        for line in
            ["password", "password:", "password=", "password='", "://:@", "--", "--password", "\"password\": \"", "-u "]
        {
            let _ = masked(line);
        }
    }
}
