//! Puts the parts of a long table together while compiling.

use super::{Message, noise};

/// How many entries the parts have together.
pub const fn length(parts: &[&[Message]]) -> usize {
    let mut sum = 0;
    let mut i = 0;
    while i < parts.len() {
        sum += parts[i].len();
        i += 1;
    }
    sum
}

/// The parts one after another; `N` is their `length`.
pub const fn join<const N: usize>(parts: &[&[Message]]) -> [Message; N] {
    let mut out = [const { noise("", "", "") }; N];
    let (mut n, mut i) = (0, 0);
    while i < parts.len() {
        let mut j = 0;
        while j < parts[i].len() {
            let m = &parts[i][j];
            out[n] = Message { means: m.means, says: m.says, sample: m.sample, said_in: m.said_in };
            n += 1;
            j += 1;
        }
        i += 1;
    }
    out
}
