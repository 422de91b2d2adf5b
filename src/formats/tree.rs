//! YAML and JSON as a flat list of leaves: path, value, line. Configs are then matched by path.
//!
//! serde-saphyr reads booleans as PyYAML does (`on`, `yes`), keeps the place of every node and stops
//! bombs by its budget. Duplicate keys: the last wins, as in PyYAML, and a problem says so.

use crate::model::{Parsed, Problem};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};
use std::fmt;

/// A scalar at the end of a path such as `bootstrap.dcs.ttl` or `etcd3.hosts[0]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    pub path: String,
    pub value: Scalar,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    /// Value and spelling; 64-bit ids do not survive as floats.
    Num(f64, String),
    Text(String),
}

impl Scalar {
    /// As PostgreSQL and Patroni would print it.
    pub fn text(&self) -> String {
        match self {
            Scalar::Null => String::new(),
            Scalar::Bool(true) => "on".to_owned(),
            Scalar::Bool(false) => "off".to_owned(),
            Scalar::Num(_, text) | Scalar::Text(text) => text.clone(),
        }
    }
    pub fn num(&self) -> Option<f64> {
        match self {
            Scalar::Num(n, _) => Some(*n),
            Scalar::Bool(b) => Some(f64::from(u8::from(*b))),
            Scalar::Text(t) => match t.trim().to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" => Some(1.0),
                "off" | "false" | "no" => Some(0.0),
                other => other.parse().ok(),
            },
            Scalar::Null => None,
        }
    }
}

/// Leaves of one or more YAML documents or a JSON value, in order, and what is wrong with the text.
pub fn leaves(text: &str) -> Result<(Vec<Leaf>, Vec<Problem>), Problem> {
    let options = serde_saphyr::options! {
        // A patroni.yml has some hundred nodes; a Helm dump of a namespace some ten thousand.
        budget: serde_saphyr::budget! { max_nodes: 200_000, max_depth: 60, max_documents: 500, max_aliases: 500, max_anchors: 500 },
        duplicate_keys: DuplicateKeyPolicy::LastWins,
    };
    let problem = |e: serde_saphyr::Error| {
        let line = e.location().map(|l| l.line() as u32);
        let first = e.to_string().lines().next().unwrap_or("unreadable").to_owned();
        Problem { line, what: format!("not valid YAML or JSON: {}", super::secrets::masked(&first)) }
    };
    let documents: Vec<Spanned<Node>> = serde_saphyr::from_multiple_with_options(text, options).map_err(problem)?;
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for document in documents {
        let line = document.defined.line() as u32;
        flatten(document.value, &mut String::new(), line, &mut found, &mut problems);
    }
    Ok((found, problems))
}

/// Leaves of a text, or what can be saved of it where it is broken; what is wrong with it goes to the problems.
pub fn readable(text: &str, out: &mut Parsed) -> Vec<Leaf> {
    let (leaves, problems) = leaves(text).unwrap_or_else(|problem| (scan(text), vec![problem]));
    out.problems.extend(problems);
    leaves
}

/// Whether a path ends in these keys: `ends(“a.b.ttl”, “b.ttl”)`.
pub fn ends(path: &str, tail: &str) -> bool {
    path.strip_suffix(tail).is_some_and(|head| head.is_empty() || head.ends_with('.') || head.ends_with(']'))
}

/// The last key of a path, without an index.
pub fn last_key(path: &str) -> &str {
    let key = path.rsplit('.').next().unwrap_or(path);
    key.split('[').next().unwrap_or(key)
}

#[derive(Debug)]
enum Node {
    Leaf(Scalar),
    List(Vec<Spanned<Node>>),
    Map(Vec<(String, Spanned<Node>)>),
}

fn flatten(node: Node, path: &mut String, line: u32, out: &mut Vec<Leaf>, problems: &mut Vec<Problem>) {
    let length = path.len();
    match node {
        Node::Leaf(value) => out.push(Leaf { path: path.clone(), value, line }),
        Node::List(items) => {
            for (i, item) in items.into_iter().enumerate() {
                path.push_str(&format!("[{i}]"));
                flatten(item.value, path, item.defined.line() as u32, out, problems);
                path.truncate(length);
            }
        }
        Node::Map(entries) => {
            let keys: Vec<String> = entries.iter().map(|(k, _)| k.clone()).collect();
            for (i, (key, item)) in entries.into_iter().enumerate() {
                let again = keys.get(i + 1..).is_some_and(|later| later.contains(&key));
                if again {
                    let what = format!("key `{key}` stands twice in one block: the last one counts");
                    problems.push(Problem { line: Some(item.defined.line() as u32), what });
                    continue;
                }
                if !path.is_empty() {
                    path.push('.');
                }
                // Keys with dots (`patroni.yaml`, `app.kubernetes.io/name`) stay one step.
                path.push_str(&key.replace('.', "\u{b7}"));
                flatten(item.value, path, item.defined.line() as u32, out, problems);
                path.truncate(length);
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, v: bool) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Bool(v)))
    }
    fn visit_i64<E>(self, v: i64) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Num(v as f64, v.to_string())))
    }
    fn visit_u64<E>(self, v: u64) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Num(v as f64, v.to_string())))
    }
    fn visit_f64<E>(self, v: f64) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Num(v, v.to_string())))
    }
    fn visit_str<E>(self, v: &str) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Text(v.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Null))
    }
    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Null))
    }
    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Node, D::Error> {
        Node::deserialize(d)
    }
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Node, E> {
        Ok(Node::Leaf(Scalar::Null))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, item)) = map.next_entry::<Key, Spanned<Node>>()? {
            entries.push((key.0, item));
        }
        Ok(Node::Map(entries))
    }
}

/// Keys may be numbers, booleans (`on:`) or nothing.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::Leaf(scalar) => Ok(Key(scalar.text())),
            _ => Ok(Key("?".to_owned())),
        }
    }
}

/// The few settings that a line scan can save from a broken YAML: `key: value` lines with the depth lost.
pub fn scan(text: &str) -> Vec<Leaf> {
    let mut found: Vec<Leaf> = Vec::new();
    let mut parents: Vec<(usize, String)> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let width = |c: char| if c == '\t' { 8 } else { 1 };
        let indent: usize = line.chars().take_while(|c| c.is_whitespace()).map(width).sum();
        let body = line.trim().trim_start_matches("- ");
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let Some((key, value)) = body.split_once(':') else { continue };
        let key = key.trim().trim_matches(['"', '\'']);
        if key.is_empty() || key.len() > 60 || key.contains(char::is_whitespace) {
            continue;
        }
        parents.retain(|(d, _)| *d < indent);
        let value = value.split(" #").next().unwrap_or("").trim().trim_end_matches(',').trim_matches(['"', '\'']);
        let mut path: Vec<&str> = parents.iter().map(|(_, k)| k.as_str()).collect();
        path.push(key);
        if value.is_empty() {
            parents.push((indent, key.to_owned()));
            continue;
        }
        let value = match value.parse::<f64>() {
            Ok(n) if n.is_finite() => Scalar::Num(n, value.to_owned()),
            _ => Scalar::Text(value.to_owned()),
        };
        found.push(Leaf { path: path.join("."), value, line: i as u32 + 1 });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Vec<String> {
        let (leaves, _) = leaves(text).unwrap();
        leaves.iter().map(|l| format!("{}:{}={}", l.line, l.path, l.value.text())).collect()
    }

    #[test]
    fn flattens_yaml_with_places() {
        assert_eq!(
            show("a:\n  b: on\n  c: [1, 'x']\n---\nd: 'on'\ne: ~\nf.g: 2.5\n"),
            ["2:a.b=on", "3:a.c[0]=1", "3:a.c[1]=x", "5:d=on", "6:e=", "7:f\u{b7}g=2.5"]
        );
        assert_eq!(
            show("base: &b\n  x: 1\n  z: 1\nuse:\n  <<: *b\n  z: 2\n"),
            ["2:base.x=1", "3:base.z=1", "6:use.z=2", "2:use.x=1"]
        );
    }

    #[test]
    fn reads_json_with_ids_of_64_bits() {
        assert_eq!(
            show("[{\"id\":14609551374150986467,\n\t\"ok\":true,\"e\":[]}]"),
            ["1:[0].id=14609551374150986467", "2:[0].ok=on"]
        );
    }

    #[test]
    fn duplicates_are_told_and_the_last_wins() {
        let (leaves, problems) = leaves("a:\n  ttl: 1\n  x: 2\n  ttl: 3\nb:\n  ttl: 4\nl:\n- k: 1\n- k: 2\n").unwrap();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].line, Some(2));
        assert!(leaves.iter().any(|l| l.path == "a.ttl" && l.value.num() == Some(3.0)));
        assert!(!leaves.iter().any(|l| l.path == "a.ttl" && l.value.num() == Some(1.0)));
    }

    #[test]
    fn broken_yaml_is_an_error_and_can_be_scanned() {
        let text = "scope: x\nbootstrap:\n\tdcs:\n\t\tttl: 30\n  loop_wait: [\n";
        assert!(leaves(text).is_err());
        let found = scan(text);
        assert_eq!(found[0].path, "scope");
        assert!(found.iter().any(|l| l.path == "bootstrap.dcs.ttl" && l.value.num() == Some(30.0)));
    }

    #[test]
    fn bombs_are_stopped() {
        let mut text = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (new, old) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
            text.push_str(&format!("{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old}]\n"));
        }
        assert!(leaves(&text).is_err());
    }
}
