//! Lines that say what an earlier line said, but for time, process and a number: known by their bytes.
//!
//! What a template says of a message is often decided by its first words. Those words are remembered as they stood in
//! the line, so that the next line like it costs one comparison. Memory of this kind changes speed, never a result.

use crate::formats::lanes::Begun;
use crate::formats::near;
use crate::messages::{Opening, go_duration_ms, number_at};
use crate::model::{Level, Meaning, Program};

/// Places for texts that begin alike, a power of two.
const SLOTS: usize = 128;

/// Texts remembered of those that begin alike: `LOG:  duration: ` and `LOG:  disconnection: `.
const WAYS: usize = 4;

/// Longest text that is remembered.
const LONGEST: usize = 160;

#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// Small, as each of a hundred thousand logs may have its own.
    slots: Vec<[Option<Box<Shape>>; WAYS]>,
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
}

impl Shapes {
    /// What a line means that begins so, none for noise, and what stands behind the text that is known.
    #[inline]
    pub(super) fn find<'a>(&mut self, begun: &Begun<'a>) -> Option<(Option<&Meaning>, &'a [u8])> {
        let slot = self.slots.get_mut(slot(begun)?)?;
        let (shape, behind) = slot.iter_mut().map_while(Option::as_deref_mut).find_map(|shape| {
            let behind = begun.rest.strip_prefix(shape.text.as_slice())?;
            ((shape.program, shape.level) == (begun.origin.program, begun.level)).then_some((shape, behind))
        })?;
        let number = match shape.number {
            Number::Nothing => return Some((shape.meaning.as_ref(), behind)),
            Number::Then(after) => number_at(behind).filter(|(_, rest)| rest.starts_with(after))?.0,
            Number::Quoted => {
                let (value, rest) = behind.split_at_checked(near::either(behind, b'"', b'\\')?)?;
                go_duration_ms(value.trim_ascii()).filter(|_| rest.first() == Some(&b'"'))?
            }
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
        let Some((length, number)) = opening.and_then(|o| extent(begun, message, fields, o)) else { return };
        let Some(text) = begun.rest.get(..length).filter(|text| text.len() <= LONGEST) else { return };
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || [const { None }; WAYS]);
        }
        if let Some(slot) = slot(begun).and_then(|at| self.slots.get_mut(at)) {
            let (program, level) = (begun.origin.program, begun.level);
            slot.rotate_right(1);
            slot[0] = Some(Box::new(Shape { program, level, text: text.to_vec(), meaning: meaning.cloned(), number }));
        }
    }
}

/// How much of a line decides what it means, and what follows on that.
fn extent(begun: &Begun<'_>, message: &[u8], fields: Option<&[u8]>, opening: Opening) -> Option<(usize, Number)> {
    let Some(fields) = fields else {
        let before = begun.rest.len().checked_sub(message.len())?;
        return match opening {
            // In the first seven bytes an SQLSTATE may stand, which the general reader takes off.
            Opening::Text(length) => Some((before + length.max(7).min(message.len()), Number::Nothing)),
            Opening::Number { length, after } if length >= 7 => Some((before + length, Number::Then(after))),
            Opening::Number { .. } | Opening::Field(_) => None,
        };
    };
    let before = begun.rest.len().checked_sub(fields.len())?;
    match opening {
        Opening::Text(_) => Some((before, Number::Nothing)),
        Opening::Field(name) => {
            let value = fields.strip_prefix(b",\"")?.strip_prefix(name.as_bytes())?.strip_prefix(b"\":\"")?;
            Some((begun.rest.len() - value.len(), Number::Quoted))
        }
        Opening::Number { .. } => None,
    }
}

/// Where a line that begins so is remembered.
#[inline]
fn slot(begun: &Begun<'_>) -> Option<usize> {
    let from = if begun.origin.program == Program::Etcd { br#"","caller":""#.len() } else { 0 };
    let bytes: &[u8; 16] = begun.rest.get(from..)?.first_chunk()?;
    let mixed = u128::from_le_bytes(*bytes);
    let mixed = (mixed ^ (mixed >> 61)) as u64;
    Some((mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57) as usize % SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::lanes::Lanes;
    use crate::model::What;

    /// What is said of `next` after `line` was learned.
    fn said(line: &str, opening: Opening, next: &str) -> Option<f64> {
        let (mut lanes, mut shapes) = (Lanes::default(), Shapes::default());
        let begun = lanes.begin(line.as_bytes()).unwrap();
        let head = lanes.go_on(line.as_bytes(), &begun).unwrap();
        let meaning = Meaning::plain(What::PgSlowStatement);
        shapes.learn(&begun, head.message, head.object.map(|_| head.fields), Some(opening), Some(&meaning));
        let begun = lanes.begin(next.as_bytes()).unwrap();
        shapes.find(&begun).and_then(|(meaning, _)| meaning.map(|m| m.num))
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
        let known = line("warn", r#","took":"7.2s","n":1"#);
        let ask = |level: &str, rest: &str| said(&known, Opening::Field("took"), &line(level, rest));
        assert_eq!(ask("warn", r#","took":"150ms""#), Some(150.0));
        assert_eq!(ask("info", r#","took":"150ms""#), None);
        assert_eq!(ask("warn", r#"ly","took":"150ms""#), None);
        assert_eq!(ask("warn", r#","n":1,"took":"150ms""#), None);
        assert_eq!(ask("warn", r#","took":"15\u0030ms""#), None);
        assert_eq!(said(&line("warn", r#","n":1,"took":"1s""#), Opening::Field("took"), &known), None);
    }
}
