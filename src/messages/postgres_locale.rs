//! Messages of PostgreSQL in other languages, put to the same meanings as the English ones.
//!
//! The texts stand in `postgres_locale.tsv`: after `= id` follow `language<TAB>template` lines with that meaning,
//! after `> english` the translations of a kind of process. Two ids are not in `What`: `noise`, and `os-error`
//! (`os-error!`: at least an I/O error), where the operating system's error text decides between no space,
//! I/O and memory, as it does in the English table.

use super::{Found, Message, NoFields, Table};
use crate::model::{Meaning, What, Why};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

static TEXTS: &str = include_str!("postgres_locale.tsv");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Section {
    Means(Option<What>),
    OsError,
    OsErrorSure,
    Kind(&'static str),
}

#[derive(Debug)]
struct Locale {
    plain: Table,
    os_error: Table,
    os_error_sure: Table,
    /// Kinds of processes by their translation.
    kinds: HashMap<&'static str, &'static str>,
}

/// What a message in another language than English means. `None` if its text is not known.
pub fn find(message: &[u8]) -> Option<Found> {
    let message = tidy(message);
    let locale = locale();
    match locale.plain.find(&message, &NoFields) {
        Found::Unknown => {}
        Found::Noise => return Some(Found::Noise),
        Found::Meaning(mut meaning) => {
            if let Some(english) = meaning.who.as_deref().and_then(|who| locale.kinds.get(who)) {
                meaning.who = Some(Arc::from(*english));
            }
            return Some(Found::Meaning(meaning));
        }
    }
    let sure = match locale.os_error.find(&message, &NoFields) {
        Found::Meaning(meaning) => by_error(meaning, None),
        _ => None,
    };
    sure.or_else(|| match locale.os_error_sure.find(&message, &NoFields) {
        Found::Meaning(meaning) => by_error(meaning, Some(What::PgIoError)),
        _ => None,
    })
    .map(Found::Meaning)
}

fn by_error(meaning: Meaning, otherwise: Option<What>) -> Option<Meaning> {
    let what = match meaning.why {
        Why::NoSpace => What::PgNoSpace,
        Why::Io => What::PgIoError,
        Why::NoMemory => What::PgOutOfMemory,
        _ => otherwise?,
    };
    Some(Meaning { what, ..meaning })
}

/// UTF-8 with decimal points: Western databases in LATIN1 log in LATIN1, German and others print `0,017 s`.
fn tidy(message: &[u8]) -> Cow<'_, [u8]> {
    let mut text = match std::str::from_utf8(message) {
        Ok(_) => Cow::Borrowed(message),
        Err(_) => Cow::Owned(message.iter().map(|b| char::from(*b)).collect::<String>().into_bytes()),
    };
    let commas: Vec<usize> = memchr::memchr_iter(b',', &text)
        .filter(|at| {
            let digit = |i: Option<usize>| i.and_then(|i| text.get(i)).is_some_and(u8::is_ascii_digit);
            digit(at.checked_sub(1)) && digit(at.checked_add(1))
        })
        .collect();
    for at in commas {
        if let Some(b) = text.to_mut().get_mut(at) {
            *b = b'.';
        }
    }
    text
}

fn locale() -> &'static Locale {
    static COMPILED: OnceLock<Locale> = OnceLock::new();
    static LISTS: OnceLock<[Vec<Message>; 3]> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let [plain, os_error, os_error_sure] = LISTS.get_or_init(|| {
            let mut lists = [Vec::new(), Vec::new(), Vec::new()];
            let [plain, os_error, os_error_sure] = &mut lists;
            for (section, text) in entries() {
                let message = |means| Message { means, says: text, sample: "", said_in: "src/backend/po" };
                match section {
                    Section::Means(means) => plain.push(message(means)),
                    Section::OsError => os_error.push(message(Some(What::PgIoError))),
                    Section::OsErrorSure => os_error_sure.push(message(Some(What::PgIoError))),
                    Section::Kind(_) => {}
                }
            }
            lists
        });
        let kinds = entries()
            .filter_map(|(section, text)| match section {
                Section::Kind(english) => Some((text, english)),
                _ => None,
            })
            .collect();
        Locale {
            plain: Table::compile(plain),
            os_error: Table::compile(os_error),
            os_error_sure: Table::compile(os_error_sure),
            kinds,
        }
    })
}

/// All texts with the section that they stand in.
fn entries() -> impl Iterator<Item = (Section, &'static str)> {
    let mut section = None;
    TEXTS.lines().filter_map(move |line| {
        if let Some(id) = line.strip_prefix("= ") {
            section = match id {
                "noise" => Some(Section::Means(None)),
                "os-error" => Some(Section::OsError),
                "os-error!" => Some(Section::OsErrorSure),
                id => What::by_id(id).map(|what| Section::Means(Some(what))),
            };
            return None;
        }
        if let Some(english) = line.strip_prefix("> ") {
            section = Some(Section::Kind(english));
            return None;
        }
        let (_, text) = line.split_once('\t').filter(|_| !line.starts_with('#'))?;
        section.map(|s| (s, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_in_the_file_is_a_meaning() {
        for id in TEXTS.lines().filter_map(|l| l.strip_prefix("= ")) {
            assert!(matches!(id, "noise" | "os-error" | "os-error!") || What::by_id(id).is_some(), "{id}");
        }
    }

    /// Each template, with its holes filled, is read as what the section says.
    #[test]
    fn every_text_means_what_its_section_says() {
        let mut wrong = Vec::new();
        for (section, template) in entries() {
            let Section::Means(means) = section else { continue };
            let mut text = template.trim_end_matches('$').to_owned();
            for (hole, value) in [
                ("{who}", "pg_x"),
                ("{num}", "9"),
                ("{s}", "2.420"),
                ("{ms}", "1000.1"),
                ("{why}", "eof"),
                ("{}", "77"),
            ] {
                text = text.replace(hole, value);
            }
            let ok = match (find(text.as_bytes()), means) {
                (Some(Found::Meaning(m)), Some(what)) => m.what == what,
                (Some(Found::Noise), None) => true,
                _ => false,
            };
            if !ok {
                wrong.push(format!("{text} should be {means:?} but is {:?}", find(text.as_bytes())));
            }
        }
        assert!(wrong.is_empty(), "{} texts misread:\n{}", wrong.len(), wrong.join("\n"));
    }

    fn meaning(text: &str) -> Meaning {
        match find(text.as_bytes()) {
            Some(Found::Meaning(m)) => m,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn reads_arguments_and_the_kind_of_process() {
        let m = meaning("Serverprozess (PID 23417) wurde von Signal 9 beendet: Getötet");
        assert_eq!((m.what, m.num, m.who.as_deref()), (What::PgBackendSignal, 9.0, Some("server process")));
        let m = meaning(
            "konnte nicht in Datei »pg_wal/xlogtemp.1« schreiben: Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
        );
        assert_eq!((m.what, m.who.as_deref()), (What::PgNoSpace, Some("pg_wal/xlogtemp.1")));
        let m = meaning("не удалось записать в файл \"pg_wal/xlogtemp.1\": No space left on device");
        assert_eq!(m.what, What::PgNoSpace);
        let m = meaning("konnte Datei »pg_wal/1« nicht fsyncen: Eingabe-/Ausgabefehler");
        assert_eq!(m.what, What::PgIoError);
        let m = meaning(
            "Checkpoint komplett: 44 Puffer geschrieben (0,3%); 0 WAL-Datei(en) hinzugefügt, 0 entfernt, 0 wiederverwendet; Schreiben=4,320 s, Sync=2,420 s, gesamt=6,761 s; sync. Dateien=6",
        );
        assert_eq!((m.what, m.num), (What::PgCheckpoint, 2420.0));
    }

    #[test]
    fn latin1_is_read_as_well() {
        let text: Vec<u8> = "Logical-Replication-Launcher fährt herunter".chars().map(|c| c as u8).collect();
        assert!(std::str::from_utf8(&text).is_err());
        assert_eq!(find(&text), Some(Found::Noise));
    }
}
