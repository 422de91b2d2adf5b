//! Lines that say what an earlier line said, but for time, process and a number: known by their bytes.
//!
//! What a template says of a message is often decided by its first words. Those words are remembered as they stood in
//! the line, so that the next line like it costs one comparison. Memory of this kind changes speed, never a result.

use crate::formats::json;
use crate::formats::lanes::Begun;
use crate::messages::{Opening, go_duration, number_at};
use crate::model::{Level, Meaning, Program};
use std::hash::{DefaultHasher, Hasher};

/// Places for texts that begin alike, a power of two.
const SLOTS: usize = 128;

/// Texts remembered of those that begin alike: `LOG:  duration: ` and `LOG:  disconnection: `.
const WAYS: usize = 4;

/// Longest text that is remembered.
const LONGEST: usize = 256;

/// Hashes remembered of texts that came once, a power of two.
const MET: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// Small, as each of a hundred thousand logs may have its own.
    slots: Vec<Option<Box<Slot>>>,
    /// Hashes of texts that are learned when they come again: most of their kind never do.
    met: [u64; MET],
}

#[derive(Debug)]
struct Slot {
    heads: [Head; WAYS],
    shapes: [Option<Shape>; WAYS],
}

/// How a text begins: compared faster than texts of any length.
#[derive(Clone, Copy, Debug)]
struct Head {
    text: Words,
    mask: Words,
}

/// The first bytes of a text.
type Words = [u64; HEAD / 8];

/// How many they are: enough for the user, the severity and the first word of most lines.
const HEAD: usize = 32;

impl Head {
    /// Of no text.
    const NONE: Head = Head { text: [1; HEAD / 8], mask: [0; HEAD / 8] };

    fn of(text: &[u8]) -> Head {
        Head { text: words(text), mask: words(&[0xff; HEAD][..text.len().min(HEAD)]) }
    }

    #[inline]
    fn begins(&self, line: &Words) -> bool {
        let pairs = self.text.iter().zip(&self.mask).zip(line);
        pairs.fold(0, |differs, ((text, mask), line)| differs | ((line & mask) ^ text)) == 0
    }
}

#[derive(Debug)]
struct Shape {
    program: Program,
    level: Level,
    /// What stands behind the process (PostgreSQL) or the time (etcd), up to the number if there is one.
    text: Vec<u8>,
    /// None: noise.
    meaning: Option<Meaning>,
    number: Number,
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Nothing,
    /// A number and then this text.
    Then(&'static [u8]),
    /// A duration up to the closing quote.
    Quoted,
    /// Nothing at all follows.
    End,
}

impl Shapes {
    /// What a line means that begins so, none for noise, and what stands behind the text that is known.
    #[inline]
    pub(super) fn find<'a>(&mut self, begun: &Begun<'a>) -> Option<(Option<&Meaning>, &'a [u8])> {
        let from = told_from(begun);
        let head = words(begun.rest.get(from..)?);
        let slot = self.slots.get_mut(slot(&head))?.as_deref_mut()?;
        let begin_so = slot.heads.iter().zip(&mut slot.shapes).filter(|(known, _)| known.begins(&head));
        let (shape, behind) = begin_so.filter_map(|(_, shape)| shape.as_mut()).find_map(|shape| {
            let same = (shape.program, shape.level) == (begun.origin.program, begun.level);
            let (text, behind) = begun.rest.split_at_checked(shape.text.len()).filter(|_| same)?;
            (from == 0 && text.len() <= HEAD || *text == *shape.text).then_some((shape, behind))
        })?;
        let number = match shape.number {
            Number::Nothing => return Some((shape.meaning.as_ref(), behind)),
            Number::End => return behind.is_empty().then_some((shape.meaning.as_ref(), behind)),
            Number::Then(after) => number_at(behind).filter(|(_, rest)| rest.starts_with(after))?.0,
            Number::Quoted => go_duration(behind).filter(|(_, rest)| rest.first() == Some(&b'"'))?.0,
        };
        let meaning = shape.meaning.as_mut()?;
        meaning.num = number;
        Some((Some(meaning), behind))
    }

    /// Remembers what a line meant: `message` is its text as it stands there with all that follows, `fields` what follows
    /// on the text in an object.
    pub(super) fn learn(
        &mut self,
        begun: &Begun<'_>,
        message: &[u8],
        fields: Option<&[u8]>,
        opening: Option<Opening>,
        meaning: Option<&Meaning>,
    ) {
        let extent = match opening {
            Some(opening) => extent(begun, message, fields, opening),
            None => fields.is_none().then_some(Extent { length: begun.rest.len(), number: Number::End, once: false }),
        };
        let Some(Extent { length, number, once }) = extent else { return };
        let from = told_from(begun);
        let Some(text) = begun.rest.get(..length).filter(|text| text.len() <= LONGEST) else { return };
        if !once && !self.met(text) {
            return;
        }
        let (Some(head), Some(line)) = (text.get(from..), begun.rest.get(from..)) else { return };
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        if let Some(slot) = self.slots.get_mut(slot(&words(line))) {
            let slot =
                slot.get_or_insert_with(|| Box::new(Slot { heads: [Head::NONE; WAYS], shapes: Default::default() }));
            let (program, level) = (begun.origin.program, begun.level);
            // It may be known, and not have been taken for what follows on it.
            let same = |known: &Shape| known.text == text && (known.program, known.level) == (program, level);
            if slot.shapes.iter().flatten().any(same) {
                return;
            }
            slot.heads.rotate_right(1);
            slot.shapes.rotate_right(1);
            slot.heads[0] = Head::of(head);
            slot.shapes[0] = Some(Shape { program, level, text: text.to_vec(), meaning: meaning.cloned(), number });
        }
    }

    /// Whether this text was met before, if it is not long ago.
    fn met(&mut self, text: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        hasher.write(text);
        let hash = hasher.finish();
        let place = self.met.get_mut(hash as usize % MET);
        place.is_some_and(|place| std::mem::replace(place, hash) == hash)
    }
}

/// How much of a line decides what it means.
struct Extent {
    length: usize,
    /// What follows on it.
    number: Number,
    /// One line is enough to know it by: nothing in it is another each time.
    once: bool,
}

fn extent(begun: &Begun<'_>, message: &[u8], fields: Option<&[u8]>, opening: Opening) -> Option<Extent> {
    let known = |length, number| Some(Extent { length, number, once: true });
    let Some(fields) = fields else {
        let before = begun.rest.len().checked_sub(message.len())?;
        return match opening {
            // In the first seven bytes an SQLSTATE may stand, which the general reader takes off.
            Opening::Text(length) => known(before + length.max(7).min(message.len()), Number::Nothing),
            Opening::Number { length, after } if length >= 7 => known(before + length, Number::Then(after)),
            Opening::Number { .. } | Opening::Field { .. } => None,
        };
    };
    let before = begun.rest.len().checked_sub(fields.len())?;
    match opening {
        Opening::Text(_) => known(before, Number::Nothing),
        Opening::Field { name, others } => {
            let at = duration_at(fields, name, others)?;
            let once = fields.get(..at)?.iter().filter(|b| **b == b',').count() == 1;
            Some(Extent { length: before + at, number: Number::Quoted, once })
        }
        Opening::Number { .. } => None,
    }
}

/// Where the duration stands in the field `name`, if all `others` stand before it: what stands before is then all that
/// is read besides.
fn duration_at(fields: &[u8], name: &str, others: &[&str]) -> Option<usize> {
    // A name with a blank in it is written with `_` in templates.
    if others.iter().chain([&name]).any(|name| name.contains('_')) {
        return None;
    }
    let mut entries = json::entries_behind(fields);
    let (_, value) = entries.find(|(key, _)| *key == name.as_bytes())?;
    let inside = value.strip_prefix(b"\"")?;
    let at = fields.len().checked_sub(entries.left().len() + inside.len())?;
    let before = |other: &str| json::entries_behind(fields.get(..at)?).find(|(key, _)| *key == other.as_bytes());
    others.iter().all(|other| before(other).is_some()).then_some(at)
}

/// What stands before is the same in every line of the program.
#[inline]
fn told_from(begun: &Begun<'_>) -> usize {
    if begun.origin.program == Program::Etcd { br#"","caller":""#.len() } else { 0 }
}

/// The first bytes of a text, with zeros behind a short one.
#[inline]
fn words(text: &[u8]) -> Words {
    let mut short = [0; HEAD];
    let bytes = text.first_chunk().unwrap_or_else(|| {
        short.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        &short
    });
    let mut words = [0; HEAD / 8];
    words.iter_mut().zip(bytes.as_chunks().0).for_each(|(word, eight)| *word = u64::from_le_bytes(*eight));
    words
}

/// Where a line that begins so is remembered.
#[inline]
fn slot(head: &Words) -> usize {
    let [first, second, ..] = head;
    ((first ^ second.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::lanes::Lanes;
    use crate::model::What;

    /// What is said of `next` after `line` was learned.
    fn said(line: &str, opening: Opening, next: &str) -> Option<f64> {
        said_after(&[line], Some(opening), next)
    }

    #[test]
    fn a_number_is_read_anew_and_what_differs_before_or_behind_it_is_not_known() {
        let line = "2026-11-20 19:36:22.123 UTC [7] a@b LOG:  duration: 12.5 ms  statement: SELECT 1";
        let opening = Opening::Number { length: "duration: ".len(), after: b" ms" };
        let ask = |next: &str| said(line, opening, &format!("2026-11-20 19:36:23.001 UTC {next}"));
        assert_eq!(ask("[12345] a@b LOG:  duration: 3.25 ms  bind x: SELECT 2"), Some(3.25));
        for other in
            ["c@b LOG:  duration: 1 ms", "a@b LOG:  duration: 1 s", "a@b LOG:  duration: x ms", "a@b LOG:  dur"]
        {
            assert_eq!(ask(&format!("[7] {other}")), None, "{other}");
        }
    }

    #[test]
    fn a_duration_in_a_field_is_read_anew_if_it_is_the_first_field() {
        let line = |level: &str, rest: &str| {
            let head = format!(r#"{{"level":"{level}","ts":"2025-12-23T05:26:22.870Z","caller":"a.go:1","msg":"slow""#);
            format!("{head}{rest}}}")
        };
        let took = Opening::Field { name: "took", others: &[] };
        let known = line("warn", r#","took":"7.2s","n":1"#);
        let ask = |level: &str, rest: &str| said(&known, took, &line(level, rest));
        assert_eq!(ask("warn", r#","took":"150ms""#), Some(150.0));
        assert_eq!(ask("info", r#","took":"150ms""#), None);
        assert_eq!(ask("warn", r#"ly","took":"150ms""#), None);
        assert_eq!(ask("warn", r#","n":1,"took":"150ms""#), None);
        assert_eq!(ask("warn", r#","took":"15\u0030ms""#), None);
        assert_eq!(said(&line("warn", r#","n":1,"took":"1s""#), took, &known), None);
    }

    /// What is said of `next` after `lines` were learned.
    fn said_after(lines: &[&str], opening: Option<Opening>, next: &str) -> Option<f64> {
        let (mut lanes, mut shapes) = (Lanes::default(), Shapes::default());
        for line in lines {
            let begun = lanes.begin(line.as_bytes()).unwrap();
            let head = lanes.go_on(line.as_bytes(), &begun).unwrap();
            let meaning = Meaning { num: 7.0, ..Meaning::plain(What::PgSlowStatement) };
            shapes.learn(&begun, head.message, head.object.map(|_| head.fields), opening, Some(&meaning));
        }
        let begun = lanes.begin(next.as_bytes()).unwrap();
        shapes.find(&begun).and_then(|(meaning, _)| meaning.map(|m| m.num))
    }

    #[test]
    fn a_duration_behind_other_fields_is_known_once_they_came_twice_and_only_with_all_that_is_read() {
        let drift = |peer: &str, took: &str| {
            let head = r#"{"level":"warn","ts":"2025-12-23T05:26:22.870Z","caller":"a.go:1","msg":"drift""#;
            format!(r#"{head},"remote-peer-id":"{peer}","clock-drift":"{took}","rtt":"1ms"}}"#)
        };
        let opening = Some(Opening::Field { name: "clock-drift", others: &["remote-peer-id"] });
        let (one, two, other) = (drift("a1", "7.2s"), drift("a1", "1.5s"), drift("b2", "1.5s"));
        assert_eq!(said_after(&[&one], opening, &two), None);
        assert_eq!(said_after(&[&one, &one], opening, &two), Some(1_500.0));
        assert_eq!(said_after(&[&one, &one], opening, &other), None);
        assert_eq!(said_after(&[&one, &other, &one, &other], opening, &other), Some(1_500.0));
        let missing = Some(Opening::Field { name: "clock-drift", others: &["remote-peer-id", "rtt"] });
        assert_eq!(said_after(&[&one, &one], missing, &two), None);
    }

    #[test]
    fn a_line_of_which_all_bytes_count_is_known_once_it_came_twice() {
        let line = |text: &str| format!("2026-11-20 19:36:22.123 UTC [7] a@b LOG:  {text}");
        let reset = line("could not receive data from client: Connection reset by peer");
        assert_eq!(said_after(&[&reset], None, &reset), None);
        assert_eq!(said_after(&[&reset, &reset], None, &reset), Some(7.0));
        for other in [format!("{reset}s"), line("could not receive data from client: Connection timed out")] {
            assert_eq!(said_after(&[&reset, &reset], None, &other), None);
        }
    }
}
