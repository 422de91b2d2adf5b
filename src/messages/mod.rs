//! What the words mean: one table per program, matched by template, each entry proven by a sample.
//!
//! A template reads like the format string in the program's source, with named holes:
//! `{}` anything, `{who}` the subject, `{host}` a subject without its
//! port, `{me}` the writer's own name, `{num}` a number, `{dur}` a duration with its unit,
//! `{s}` a number of seconds, `{ms}` a number of milliseconds, `{why}` an error text to classify, `{sig}` a signal.
//! `{=Reason}` at the end takes the rest and sets the reason that the template itself states.
//! Durations become milliseconds. Text after the template's end is allowed, because senders cut
//! and append; a template that ends in `$` must match to the end. `$` alone is a message without any text.
//!
//! Structured logs (etcd's JSON) name fields after ` | `: `slow fdatasync | took=dur`; blanks in a name are written `_`.

mod duration;
mod engine;
mod join;
#[cfg(test)]
mod measure;
mod memo;
mod own;
mod postgres_locale;
mod why;
mod why_locale;

macro_rules! tables {
    ($($name:ident $program:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// Every table with the program that says its messages.
        pub static TABLES: &[(Program, &str, &[Message])] =
            &[$((Program::$program, stringify!($name), $name::MESSAGES)),*];

        /// The compiled table of a program, if it has one; compiled when it is first asked, a constant in all but name.
        pub fn table(program: Program) -> Option<&'static Table> {
            match program {
                $(Program::$program => {
                    static COMPILED: OnceLock<Table> = OnceLock::new();
                    Some(COMPILED.get_or_init(|| Table::compile($name::MESSAGES)))
                })*
                _ => None,
            }
        }
    };
}

tables! {
    patroni Patroni, etcd Etcd, postgres Postgres, kernel Kernel, systemd Systemd, proxy Proxy, job Job,
}

use crate::model::{Meaning, Program, What, Why};
pub use duration::{go_duration, go_duration_ms, number as number_at};
pub use engine::{Fields, NoFields, Opening, Sense, Table, clip as engine_clip, text as engine_text};
pub use memo::Memo;
pub use own::Own;
use std::sync::OnceLock;
pub use systemd::unit as systemd_unit;
pub use why::classify;

/// One message: the template, what it means (`None`: known to say nothing of interest), and its proof.
#[derive(Debug)]
pub struct Message {
    pub means: Option<What>,
    pub says: &'static str,
    /// A real line's text, without stamp and level; for structured logs the whole object.
    pub sample: &'static str,
    /// Where and in which versions the program says so.
    pub said_in: &'static str,
}

/// A message with a meaning.
pub const fn m(means: What, says: &'static str, sample: &'static str, said_in: &'static str) -> Message {
    Message { means: Some(means), says, sample, said_in }
}

/// A message known to be of no interest.
pub const fn noise(says: &'static str, sample: &'static str, said_in: &'static str) -> Message {
    Message { means: None, says, sample, said_in }
}

/// What looking a message up gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Meaning(Meaning),
    Noise,
    Unknown,
}

/// Looks a plain message up in the table of its program.
pub fn find(program: Program, message: &[u8]) -> Found {
    find_with(program, message, &NoFields)
}

/// What the readers put in front of the text of DETAIL, HINT, CONTEXT and the like, in whatever language it was.
pub const DETAIL: &[u8] = b"DETAIL:  ";

/// Looks a structured message up: `fields` answers for the names in the template.
pub fn find_with(program: Program, message: &[u8], fields: &dyn Fields) -> Found {
    // Details quote rows and names of all kinds: what does not begin with the word has no say there.
    if program == Program::Postgres && message.starts_with(DETAIL) {
        return table(program).map_or(Found::Unknown, |t| t.find_by_start(message, fields).unwrap_or(Found::Unknown));
    }
    match table(program).map(|t| t.find(message, fields)) {
        // lc_messages decides in which language PostgreSQL logs.
        Some(Found::Unknown) if program == Program::Postgres => {
            postgres_locale::find(message).unwrap_or(Found::Unknown)
        }
        Some(Found::Meaning(meaning)) => {
            Found::Meaning(Meaning { what: refined(meaning.what, meaning.why), ..meaning })
        }
        Some(found) => found,
        None => Found::Unknown,
    }
}

/// Where the error text says more than the message: a fatal end for want of space is a full disk.
fn refined(what: What, why: Why) -> What {
    use What::*;
    match (what, why) {
        (EtcdFatal | EtcdPanic, Why::NoSpace) => EtcdDiskFull,
        (EtcdFatal | EtcdPanic, Why::Io) => EtcdIoError,
        (PgPanic, Why::NoSpace) => PgNoSpace,
        (PgPanic, Why::Io) => PgIoError,
        (DcsException | DcsRequestFailed | DcsGetClusterFailed, Why::Quota) => DcsNoSpace,
        (what, _) => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every sample is understood as its own entry says, also with all other entries around it.
    #[test]
    fn every_sample_means_what_its_entry_says() {
        let mut wrong = Vec::new();
        for (program, name, list) in TABLES {
            for entry in *list {
                let got = if entry.sample.starts_with('{') {
                    let msg = crate::formats::json::text(entry.sample.as_bytes(), b"msg").unwrap_or_default();
                    find_with(*program, &msg, &crate::formats::json::Object(entry.sample.as_bytes()))
                } else {
                    find(*program, entry.sample.as_bytes())
                };
                let ok = match (&got, entry.means) {
                    (Found::Meaning(m), Some(w)) => m.what == w,
                    (Found::Noise, None) => true,
                    _ => false,
                };
                if !ok {
                    wrong.push(format!("{name}: {:?} -> {got:?}, should be {:?}", entry.sample, entry.means));
                }
            }
        }
        assert!(wrong.is_empty(), "{} samples misread:\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn no_template_stands_twice() {
        for (_, name, list) in TABLES {
            let mut seen = BTreeSet::new();
            for entry in *list {
                assert!(seen.insert(entry.says), "{name}: {:?} stands twice", entry.says);
            }
        }
    }
}
