//! Judges a cause on a bundle in one literal: `//- path` lines cut it into files.

use super::{Cause, Side, Strength, judge};
use crate::run;
use std::fmt::Write;

/// Runs the whole pipeline on the files of `bundle` and compares what `cause` makes of the worst incident.
pub fn check(cause: &'static Cause, bundle: &str, expect: expect_test::Expect) {
    let (timeline, incidents) = run::timeline_of(&run::files_in(bundle), &run::Settings::default());
    let mut out = String::new();
    match incidents.iter().min_by_key(|i| (i.kind.rank(), i.at)) {
        None => out.push_str("no incident\n"),
        Some(incident) => {
            let judged = judge(cause, &timeline, incident);
            let _ = writeln!(out, "{}: {} ({})", cause.id, judged.status.id(), incident.kind.id());
            for e in &judged.assessment.evidence {
                let sign = if e.side == Side::For { '+' } else { '-' };
                let strength = match e.strength {
                    Strength::Weak => "weak",
                    Strength::Strong => "strong",
                    Strength::Decisive => "decisive",
                };
                let _ = writeln!(out, "  {sign} {strength}: {}", e.words);
            }
        }
    }
    expect.assert_eq(&out);
}
