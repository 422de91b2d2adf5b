//! Messages that a user adds in `pgautopsy.toml`, mapped to known meanings: texts of extensions, wrappers, forks.

use super::classify;
use crate::model::{Meaning, Program, What};
use regex::bytes::Regex;
use std::sync::Arc;

/// A user's messages, in the order of the file; the first that fits holds.
#[derive(Clone, Debug, Default)]
pub struct Own {
    list: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    program: Option<Program>,
    pattern: Regex,
    means: What,
}

impl Own {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a message: a regular expression, of one program or of any. Its groups `who` and `num` become the subject
    /// and the number of the event. The error names the fault.
    pub fn add(&mut self, program: Option<&str>, pattern: &str, means: &str) -> Result<(), String> {
        const PROGRAMS: &[Program] = &[
            Program::Patroni,
            Program::Etcd,
            Program::Postgres,
            Program::Kernel,
            Program::Systemd,
            Program::Proxy,
            Program::Job,
        ];
        let program = match program {
            None => None,
            Some(name) => match PROGRAMS.iter().find(|p| p.id() == name) {
                Some(found) => Some(*found),
                None => {
                    let names: Vec<&str> = PROGRAMS.iter().map(|p| p.id()).collect();
                    return Err(format!("program = {name:?}: one of {}", names.join(", ")));
                }
            },
        };
        let Some(means) = What::by_id(means) else {
            return Err(format!(
                "means = {means:?}: no meaning of that name (`pgautopsy list messages` prints them in its second column)"
            ));
        };
        // A pattern that fits everything, or that takes memory without end, is a mistake.
        let pattern = regex::bytes::RegexBuilder::new(pattern)
            .size_limit(1 << 20)
            .build()
            .map_err(|e| format!("pattern = {pattern:?}: {e}"))?;
        if pattern.is_match(b"") {
            return Err(format!("pattern = {:?} fits every line", pattern.as_str()));
        }
        self.list.push(Entry { program, pattern, means });
        Ok(())
    }

    /// What a message means that no table of ours knows.
    pub fn find(&self, program: Program, message: &[u8]) -> Option<Meaning> {
        let fits = |e: &&Entry| e.program.is_none_or(|p| p == program) && e.pattern.is_match(message);
        let entry = self.list.iter().find(fits)?;
        let groups = entry.pattern.captures(message)?;
        let group = |name: &str| groups.name(name).map(|m| String::from_utf8_lossy(m.as_bytes()).into_owned());
        Some(Meaning {
            why: classify(message),
            who: group("who").map(Arc::from),
            num: group("num").and_then(|n| n.parse().ok()).filter(|n: &f64| n.is_finite()).unwrap_or(0.0),
            ..Meaning::plain(entry.means)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_ones_own_has_a_known_meaning() {
        let mut own = Own::default();
        own.add(Some("postgresql"), r"acme_guard: node (?P<who>\S+) fenced after (?P<num>\d+) s", "pg.abnormal_exit")
            .unwrap();
        let found = own.find(Program::Postgres, b"acme_guard: node pg7 fenced after 12 s").unwrap();
        assert_eq!((found.what, found.num, found.who.as_deref()), (What::PgAbnormalExit, 12.0, Some("pg7")));
        assert_eq!(own.find(Program::Patroni, b"acme_guard: node pg7 fenced after 12 s"), None);
        assert_eq!(own.find(Program::Postgres, b"something else"), None);
    }

    #[test]
    fn mistakes_are_named() {
        let mut own = Own::default();
        assert!(own.add(Some("mysql"), "x", "pg.crash").unwrap_err().contains("postgresql"));
        assert!(own.add(None, "x", "pg.no_such").unwrap_err().contains("list messages"));
        assert!(own.add(None, "(", "pg.crash").unwrap_err().contains("pattern"));
        assert!(own.add(None, ".*", "pg.crash").unwrap_err().contains("every line"));
    }
}
