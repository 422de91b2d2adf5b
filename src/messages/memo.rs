//! The short way into the tables: what the first bytes of a message decide is worked out once and remembered.
//!
//! Programs say a few things a million times. For most of them eight bytes tell that the rest does not matter, or name
//! the one template that may match; [`find_with`](super::find_with) is asked where they do not.

use super::engine::{Common, Fields, Opening, Scratch, Sense, Table};
use super::{Found, find_with, refined, table};
use crate::model::{Meaning, Program, Why};

/// Heads remembered of each length, a power of two.
const SLOTS: usize = 512;

/// What heads of messages mean; changes speed, never a result.
#[derive(Debug, Default)]
pub struct Memo {
    program: Option<Program>,
    table: Option<&'static Table>,
    short: Vec<(u64, Common)>,
    long: Vec<(u128, Common)>,
    details: bool,
    scratch: Scratch,
    /// Bytes of the message found last that its head was asked for, and what that told.
    decided: (usize, Common),
}

impl Memo {
    /// What [`find_with`] says of `message`; a meaning stands in [`Memo::meaning`].
    #[inline]
    pub fn find(&mut self, program: Program, message: &[u8], fields: &dyn Fields) -> Sense {
        self.decided = self.common(program, message);
        match self.decided.1 {
            Common::Noise => Sense::Noise,
            Common::One(template) | Common::Several(template) => {
                match self.table.and_then(|t| t.read(template, message, fields, &mut self.scratch)) {
                    Some(sense) => {
                        let meaning = &mut self.scratch.meaning;
                        if sense == Sense::Meaning && meaning.why != Why::Unsaid {
                            meaning.what = refined(meaning.what, meaning.why);
                        }
                        sense
                    }
                    None => self.ask_all(program, message, fields),
                }
            }
            Common::Nothing => self.ask_all(program, message, fields),
        }
    }

    /// How much of the message found last decided what it means; none if all of it did.
    pub fn opening(&self) -> Option<Opening> {
        let (seen, common) = self.decided;
        match common {
            Common::Noise => Some(Opening::Text(seen)),
            Common::One(template) | Common::Several(template) => match self.table?.opening(template)? {
                Opening::Text(length) => Some(Opening::Text(length.max(seen))),
                Opening::Number { length, .. } if length < seen => None,
                opening => Some(opening),
            },
            Common::Nothing => None,
        }
    }

    /// What the message found last means.
    #[inline]
    pub fn meaning(&self) -> &Meaning {
        &self.scratch.meaning
    }

    #[cold]
    fn ask_all(&mut self, program: Program, message: &[u8], fields: &dyn Fields) -> Sense {
        self.keep(find_with(program, message, fields))
    }

    /// Takes over what has been found elsewhere.
    pub fn keep(&mut self, found: Found) -> Sense {
        self.decided = (0, Common::Nothing);
        match found {
            Found::Noise => Sense::Noise,
            Found::Unknown => Sense::Unknown,
            Found::Meaning(meaning) => {
                self.scratch.meaning = meaning;
                Sense::Meaning
            }
        }
    }

    /// Whether any template reads what PostgreSQL puts behind `DETAIL:  ` and its like.
    #[inline]
    pub fn reads_details(&mut self, program: Program) -> bool {
        if self.program != Some(program) {
            self.begin(program);
        }
        self.details
    }

    /// What the head of a message tells, and how many bytes that took.
    #[inline]
    fn common(&mut self, program: Program, message: &[u8]) -> (usize, Common) {
        let Some(head) = message.first_chunk::<8>() else { return (0, Common::Nothing) };
        if self.program != Some(program) {
            self.begin(program);
        }
        let head = u64::from_le_bytes(*head);
        let common = match self.short.get(slot(head)) {
            Some((known, common)) if *known == head => *common,
            _ => self.learn(head),
        };
        let (Common::Several(_), Some(head)) = (common, message.first_chunk::<16>()) else { return (8, common) };
        let head = u128::from_le_bytes(*head);
        match self.long.get(slot(fold(head))) {
            Some((known, common)) if *known == head => (16, *common),
            _ => (16, self.learn_long(head)),
        }
    }

    /// Another program's messages follow. Eight NULs begin no template, so they can stand for an empty slot.
    #[cold]
    fn begin(&mut self, program: Program) {
        self.program = Some(program);
        self.table = table(program);
        self.details = self.ask(super::DETAIL) != Common::Nothing;
        self.short.clear();
        self.short.resize(SLOTS, (0, Common::Nothing));
        self.long.clear();
        self.long.resize(SLOTS, (0, Common::Nothing));
    }

    #[cold]
    fn learn(&mut self, head: u64) -> Common {
        let common = self.ask(&head.to_le_bytes());
        if let Some(slot) = self.short.get_mut(slot(head)) {
            *slot = (head, common);
        }
        common
    }

    #[cold]
    fn learn_long(&mut self, head: u128) -> Common {
        let common = self.ask(&head.to_le_bytes());
        if let Some(slot) = self.long.get_mut(slot(fold(head))) {
            *slot = (head, common);
        }
        common
    }

    fn ask(&self, head: &[u8]) -> Common {
        // A message of blanks alone has a meaning of its own.
        match self.table {
            Some(table) if !head.trim_ascii().is_empty() => table.by_head(head),
            _ => Common::Nothing,
        }
    }
}

#[inline]
fn fold(head: u128) -> u64 {
    (head ^ (head >> 61)) as u64
}

#[inline]
fn slot(head: u64) -> usize {
    (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::json;
    use crate::messages::{NoFields, TABLES};

    impl Memo {
        fn found(&mut self, program: Program, message: &[u8], fields: &dyn Fields) -> Found {
            match self.find(program, message, fields) {
                Sense::Noise => Found::Noise,
                Sense::Unknown => Found::Unknown,
                Sense::Meaning => Found::Meaning(self.meaning().clone()),
            }
        }
    }

    /// Every sample of every table, cut at every length, with words behind it, and after all others.
    #[test]
    fn the_short_way_finds_what_the_long_way_finds() {
        let mut memo = Memo::default();
        for (program, _, list) in TABLES {
            for sample in list.iter().map(|m| m.sample) {
                if sample.starts_with('{') {
                    let message = json::text(sample.as_bytes(), b"msg").unwrap_or_default();
                    let fields = json::Object(sample.as_bytes());
                    let want = find_with(*program, &message, &fields);
                    assert_eq!(memo.found(*program, &message, &fields), want, "{sample}");
                    continue;
                }
                for length in 0..=sample.len() {
                    let Some(part) = sample.get(..length) else { continue };
                    for tail in ["", " ", "; and more"] {
                        let message = format!("{part}{tail}");
                        let want = find_with(*program, message.as_bytes(), &NoFields);
                        assert_eq!(memo.found(*program, message.as_bytes(), &NoFields), want, "{message}");
                    }
                }
            }
        }
    }
}
