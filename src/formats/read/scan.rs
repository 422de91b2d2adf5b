//! The fast part of the line loop: a block of lines becomes a few items, most of them runs of lines that are quiet.
//!
//! Looks at nothing but the block, so blocks can be scanned beside each other; `apply` then takes the items in order.
//! A line is part of a run if a lane knows its layout and the tables its meaning, and that meaning is noise, a
//! heartbeat, or an event that folds with its like. Every other line stands for itself and goes the general way.

use super::events::{folds, measures};
use super::glue::Beginning;
use super::lines::Lines;
use super::record::{alarms_by_level, is_continuation_word};
use super::runs::{Item, Place, Run, Scanned};
use super::shapes::Shapes;
use crate::formats::lanes::{Begun, Lanes, Origin, PATRONI_STAMP, QuickHead};
use crate::formats::{json, near};
use crate::messages::{DETAIL, Fields, Found, Memo, NoFields, Opening, Sense, find};
use crate::model::{Caps, Level, Meaning, Program};
use std::borrow::Cow;

/// The fields behind the message of one of etcd's objects.
struct Behind<'a> {
    object: &'a [u8],
    fields: &'a [u8],
    /// The lane has seen that there is no `error` among them.
    no_error: bool,
}

impl Fields for Behind<'_> {
    #[inline]
    fn get(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        match name {
            // Few keys end like this one, and most objects have none that does.
            "error" if self.no_error || !near::any_before(self.fields, b'r', b'r', b'"') => None,
            // What may stand in front of the message, and so comes first.
            "level" | "ts" | "logger" | "caller" | "msg" => json::field(self.object, name),
            _ => json::field_behind(self.fields, name),
        }
    }
}

/// A text of Patroni's that a run takes.
#[derive(Debug)]
struct Repeat {
    /// What stands behind the stamp, line end included.
    rest: Vec<u8>,
    meaning: Option<Meaning>,
    /// Another for each text that is remembered, never 0.
    id: usize,
    /// The text that last followed on it.
    next: usize,
}

/// Texts of Patroni's that are remembered: it says the same two or three in each turn of its loop.
const REPEATS: usize = 4;

/// Longest text of Patroni's that is remembered.
const REPEAT_MAX: usize = 400;

#[derive(Debug, Default)]
struct Repeats {
    texts: Vec<Repeat>,
    /// The text met last.
    last: usize,
    made: usize,
}

impl Repeats {
    /// The text that `behind` begins with.
    #[inline]
    fn find(&mut self, behind: &[u8]) -> Option<&Repeat> {
        let guess = self.texts.get(self.last).map_or(0, |text| text.next);
        let at = match self.texts.get(guess) {
            Some(text) if behind.starts_with(&text.rest) => guess,
            _ => self.texts.iter().position(|text| behind.starts_with(&text.rest))?,
        };
        if at != guess
            && let Some(last) = self.texts.get_mut(self.last)
        {
            last.next = at;
        }
        self.last = at;
        self.texts.get(at)
    }

    fn learn(&mut self, rest: &[u8], meaning: Option<Meaning>) {
        self.made += 1;
        let next = self.made % REPEATS;
        let text = Repeat { rest: [rest, b"\n"].concat(), meaning, id: self.made, next };
        match self.texts.get_mut(next) {
            Some(old) => *old = text,
            None => self.texts.push(text),
        }
    }
}

/// Scans blocks; what it remembers from block to block changes its speed only.
#[derive(Debug)]
pub struct Scanner {
    /// Bytes read of a line.
    max: usize,
    lanes: Lanes,
    postgres: Memo,
    etcd: Memo,
    shapes: Shapes,
    repeats: Repeats,
    detail: Vec<u8>,
    /// Lines with a second record in them go the general way.
    beginning: Beginning,
    lines: Lines,
}

/// What has been taken of a block so far.
#[derive(Default)]
struct Taken {
    out: Scanned,
    run: Run,
    /// A line of the block had a stamp.
    recorded: bool,
}

impl Taken {
    /// Makes the run one that a line of this program and zone can join.
    #[inline]
    fn suit(&mut self, by: &Origin) {
        if !self.run.suits(by) {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.run.lines > 0 {
            self.out.items.push(Item::Run(Box::new(std::mem::take(&mut self.run))));
        }
    }
}

impl Scanner {
    pub fn new(caps: &Caps) -> Scanner {
        Scanner {
            max: usize::try_from(caps.line).unwrap_or(usize::MAX),
            lanes: Lanes::default(),
            postgres: Memo::default(),
            etcd: Memo::default(),
            shapes: Shapes::default(),
            repeats: Repeats::default(),
            detail: Vec::new(),
            beginning: Beginning::default(),
            lines: Lines::default(),
        }
    }

    /// Takes a block apart. `quick`: whether runs are worth looking for.
    pub fn scan(&mut self, block: &[u8], quick: bool) -> Scanned {
        let mut taken = Taken::default();
        self.lines.begin(self.beginning.text());
        let max = self.max;
        let mut from = 0;
        while let Some(rest) = block.get(from..).filter(|rest| !rest.is_empty()) {
            if quick
                && !self.repeats.texts.is_empty()
                && let Some(to) = self.again(&mut taken, rest, from)
            {
                taken.recorded = true;
                taken.out.lines = taken.out.lines.saturating_add(1);
                from = to + 1;
                continue;
            }
            let found = self.lines.line(block, from);
            let line = block.get(from..found.to).unwrap_or(&[]);
            let cut = line.len().saturating_sub(max);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut place = Place { from, to: from + line.len(), line: taken.out.lines };
            let next = (found.to + 1).min(block.len());
            if line.len() > max {
                taken.out.cut_lines += 1;
                taken.out.cut_bytes += cut as u64;
                place.to = from + max;
            } else if quick && found.clean && self.quick(&mut taken, line, place, found.marked) {
                taken.run.cover(place, next);
                taken.out.lines = taken.out.lines.saturating_add(1);
                from = next;
                continue;
            }
            taken.close();
            taken.out.items.push(Item::Line(place));
            taken.out.lines = taken.out.lines.saturating_add(1);
            from = next;
        }
        taken.close();
        taken.out
    }

    /// Adds a line that is one of the last of Patroni's again, but for its stamp; says where it ends.
    #[inline]
    fn again(&mut self, taken: &mut Taken, rest: &[u8], from: usize) -> Option<usize> {
        let (stamp, behind) = rest.split_first_chunk::<PATRONI_STAMP>()?;
        let repeat = self.repeats.find(behind)?;
        if !self.beginning.begins(stamp) {
            return None;
        }
        let origin = self.lanes.patroni(stamp)?;
        let to = from + PATRONI_STAMP + repeat.rest.len() - 1;
        let place = Place { from, to, line: taken.out.lines };
        taken.suit(&origin);
        if !taken.run.beat_again(&origin, place, repeat.id) {
            join(&mut taken.run, &origin, repeat.meaning.as_ref(), place);
            if let Some(meaning) = repeat.meaning.as_ref().filter(|m| m.what.is_beat()) {
                taken.run.knows_beat(repeat.id, meaning);
            }
        }
        taken.run.cover(place, to + 1);
        Some(to)
    }

    /// Adds a line to the run, or leaves it to the general way. `marked`: it may hold a second record.
    #[inline]
    fn quick(&mut self, taken: &mut Taken, line: &[u8], place: Place, marked: bool) -> bool {
        match line.first() {
            None => {
                taken.run.noise += 1;
                return true;
            }
            // PostgreSQL puts a tab in front of what goes on; it belongs to the record before, whatever that was.
            Some(b'\t') if taken.recorded => {
                let quiet = line.trim_ascii().is_empty() || !names_a_level(line);
                taken.run.noise += u64::from(quiet);
                return quiet;
            }
            _ => {}
        }
        if line.last() == Some(&b'\r') {
            return false;
        }
        let begun = self.lanes.begin(line);
        if let Some(begun) = &begun
            && self.beginning.begins(line)
            && (!marked || self.is_single(line, begun))
            && self.shaped(taken, begun, place)
        {
            taken.recorded = true;
            return true;
        }
        let head = match &begun {
            Some(begun) => self.lanes.go_on(line, begun),
            None => self.lanes.other(line),
        };
        let Some(head) = head else { return false };
        let follows = !self.beginning.follow(line);
        if !follows {
            // What was no beginning in a known text may be one now.
            self.repeats.texts.clear();
            self.lines.change(self.beginning.text());
        }
        if (marked || !follows) && self.beginning.comes_again(line, head.object.unwrap_or(head.message)) {
            return false;
        }
        let joined = match &begun {
            Some(begun) => self.server(taken, begun, &head, place),
            None => self.patroni(taken, &head, line, place),
        };
        taken.recorded |= joined;
        joined
    }

    /// Whether no second record begins in a line that may hold one.
    #[cold]
    fn is_single(&self, line: &[u8], begun: &Begun<'_>) -> bool {
        let object = begun.origin.program == Program::Etcd;
        !self.beginning.comes_again(line, if object { line } else { begun.rest })
    }

    /// A line of PostgreSQL or etcd that says what an earlier one said.
    #[inline]
    fn shaped(&mut self, taken: &mut Taken, begun: &Begun<'_>, place: Place) -> bool {
        let Some((meaning, behind)) = self.shapes.find(begun) else { return false };
        if begun.origin.program == Program::Etcd && self.lanes.says_more(behind) {
            return false;
        }
        taken.suit(&begun.origin);
        match meaning {
            Some(meaning) => taken.run.event(&begun.origin, meaning, place),
            None => {
                taken.run.noise += 1;
                taken.run.stamp(&begun.origin, place);
            }
        }
        true
    }

    /// A line of PostgreSQL or etcd.
    #[inline]
    fn server(&mut self, taken: &mut Taken, begun: &Begun<'_>, head: &QuickHead<'_>, place: Place) -> bool {
        let program = head.origin.program;
        let sense = match head.object {
            // The lane takes no line with an error in it from level warning on.
            Some(object) => {
                let fields = Behind { object, fields: head.fields, no_error: head.level >= Level::Warning };
                self.etcd.find(program, head.message, &fields)
            }
            None if head.more => self.detail(head),
            None => self.postgres.find(program, head.message, &NoFields),
        };
        let memo = if head.object.is_some() { &self.etcd } else { &self.postgres };
        let fields = head.object.map(|_| head.fields);
        // Where a run is joined by what the first words say, so is it by the next line that begins with them.
        match sense {
            Sense::Noise => {
                taken.suit(&head.origin);
                taken.run.noise += 1;
                self.shapes.learn(begun, head.message, fields, memo.opening(), None);
            }
            Sense::Unknown => {
                let more = head.more || is_continuation_word(head.message);
                if !more && (alarms_by_level(program, head.level) || has_info(head.message)) {
                    return false;
                }
                taken.suit(&head.origin);
                if more {
                    taken.run.noise += 1;
                    if head.more && !(head.detail && self.postgres.reads_details(program)) {
                        self.shapes.learn(begun, head.message, fields, Some(Opening::Text(0)), None);
                    }
                } else {
                    taken.run.strange(place);
                }
            }
            Sense::Meaning => {
                let meaning = memo.meaning();
                let merged = program == Program::Etcd && head.message.last() == Some(&b']');
                let listed = !folds(meaning.what) && !measures(meaning.what);
                if meaning.me.is_some() || meaning.what.is_beat() || listed || merged {
                    return false;
                }
                taken.suit(&head.origin);
                taken.run.event(&head.origin, meaning, place);
                self.shapes.learn(begun, head.message, fields, memo.opening(), Some(meaning));
                return true;
            }
        }
        taken.run.stamp(&head.origin, place);
        true
    }

    /// What DETAIL and its like say; STATEMENT says nothing.
    fn detail(&mut self, head: &QuickHead<'_>) -> Sense {
        if !head.detail || !self.postgres.reads_details(head.origin.program) {
            return Sense::Unknown;
        }
        self.detail.clear();
        self.detail.extend_from_slice(DETAIL);
        self.detail.extend_from_slice(head.message);
        self.postgres.keep(find(head.origin.program, &self.detail))
    }

    /// A line of Patroni whose text is new.
    fn patroni(&mut self, taken: &mut Taken, head: &QuickHead<'_>, line: &[u8], place: Place) -> bool {
        if head.message.starts_with(b"PAUSE: ") {
            return false;
        }
        let meaning = match find(Program::Patroni, head.message) {
            Found::Noise => None,
            Found::Meaning(meaning) if meaning.what.is_beat() || folds(meaning.what) => Some(meaning),
            _ => return false,
        };
        taken.suit(&head.origin);
        join(&mut taken.run, &head.origin, meaning.as_ref(), place);
        if let Some(rest) = line.get(PATRONI_STAMP..).filter(|rest| rest.len() <= REPEAT_MAX) {
            self.repeats.learn(rest, meaning);
        }
        true
    }
}

/// Adds a line of Patroni to a run that it suits.
#[inline]
fn join(run: &mut Run, origin: &Origin, meaning: Option<&Meaning>, place: Place) {
    match meaning {
        None => {
            run.noise += 1;
            run.stamp(origin, place);
        }
        Some(meaning) if meaning.what.is_beat() => run.beat(origin, meaning, place),
        Some(meaning) => run.event(origin, meaning, place),
    }
    if let Some(me) = meaning.and_then(|m| m.me.as_ref()) {
        run.name(me, place);
    }
}

/// Whether Patroni's head might be glued into the line: a colon and a space behind four capital letters, as in `INFO: `
/// or `WARNING: `. Autovacuum's `CPU: user: ` has three.
pub(super) fn names_a_level(line: &[u8]) -> bool {
    memchr::memchr_iter(b':', line).any(|at| {
        line.get(at + 1) == Some(&b' ')
            && at.checked_sub(4).and_then(|i| line.get(i..at)).is_some_and(|w| w.iter().all(u8::is_ascii_uppercase))
    })
}

pub(super) fn has_info(message: &[u8]) -> bool {
    names_a_level(message) && memchr::memmem::find(message, b" INFO: ").is_some()
}
