//! Private keys: nothing of them is kept.

use crate::formats::Document;
use crate::model::{Parsed, Problem, Program};

pub static FORMAT: Document = Document {
    name: "private-key",
    program: Program::Other,
    doc: "a file that begins with a PEM private key is not read; the report says that it was sent",
    sniff,
    read,
    samples: &["-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let key = |l: &str| l.starts_with("-----BEGIN ") && l.contains("PRIVATE KEY");
    // Certificates may stand before the key.
    if text.lines().find(|l| !l.trim().is_empty()).is_some_and(|l| key(l) || l.starts_with("-----BEGIN CERT"))
        && text.lines().any(key)
    {
        100
    } else {
        0
    }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    out.coverage.bytes += content.len() as u64;
    let lines = content.iter().filter(|b| **b == b'\n').count() as u64;
    out.coverage.lines += lines;
    out.coverage.noise += lines;
    let what = "a private key was sent along: it was not read, but it should be replaced".to_owned();
    out.problems.push(Problem { line: Some(1), what });
}
