//! Runs one check on a bundle in one literal: `//- path` lines cut it into files.

use super::{CHECKS, Look};
use crate::run;

/// Host and words of every finding of one check; fails if the check cites nothing.
pub fn found(id: &str, bundle: &str) -> Vec<String> {
    let (timeline, _) = run::timeline_of(&run::files_in(bundle), &run::Settings::default());
    let check = CHECKS.iter().flat_map(|g| g.iter()).find(|c| c.id == id).expect("a check of this id");
    let findings = (check.find)(&Look { t: &timeline });
    assert!(findings.iter().all(|f| !f.cites.is_empty()), "{id} proves nothing");
    findings.into_iter().map(|f| format!("{}: {} => {}", f.host, f.words, f.remedy)).collect()
}
