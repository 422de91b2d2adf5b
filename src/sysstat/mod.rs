//! Reads sysstat data: binary `sa` files of every age and machine, and the texts that sysstat's programs print.
//!
//! The module stands alone: it knows nothing of the rest of the crate. All readers take bytes (already decompressed),
//! never fail, and fill in [`Data`]: rows of values over spans of time, plus what could not be read.
//!
//! ```
//! use pgautopsy::sysstat::{self, Options};
//!
//! # let bytes: &[u8] = b"";
//! for host in sysstat::read(bytes, Options::default()) {
//!     for disk in host.sets_of("disk") {
//!         for (span, await_ms) in disk.series(&host, "await") {
//!             println!("{:?} until {:?}: {await_ms} ms", disk.item, span.to.epoch);
//!         }
//!     }
//! }
//! ```
//!
//! Values carry the units of newest sysstat whatever the source called them: kB (1024 bytes), ms, percent, per second.
//! A value that a source doesn't have is NaN in [`Set::values`] and absent from [`Set::series`].

pub mod activity;
pub mod binary;
pub mod model;
pub mod print;
pub mod text;

#[cfg(test)]
mod damage;
#[cfg(test)]
mod tests;

pub use activity::{ACTIVITIES, Activity, Column, usual_disk_name};
pub use binary::{Options, looks_like_sa, read_sa};
pub use model::{Comment, Data, Fault, Local, Problem, Restart, Set, Skipped, Source, Span, Stamp, Version};

/// What kind of sysstat data begins like this, if any. Strict: a log file is none.
pub fn looks_like(head: &[u8]) -> Option<Source> {
    type Test = fn(&[u8]) -> bool;
    let tests: [(Test, Source); 8] = [
        (looks_like_sa, Source::Binary),
        (text::looks_like_sadf_json, Source::SadfJson),
        (text::looks_like_sadf_xml, Source::SadfXml),
        (text::looks_like_sadf_csv, Source::SadfCsv),
        (text::looks_like_sadf_lines, Source::SadfLines),
        (text::looks_like_vmstat, Source::Vmstat),
        (text::looks_like_iostat, Source::Iostat),
        (text::looks_like_sar, Source::Sar),
    ];
    tests.into_iter().find(|(test, _)| test(head)).map(|(_, source)| source)
}

/// Reads a file of any kind, one [`Data`] per host or run in it; nothing for a file of none of the kinds.
pub fn read(bytes: &[u8], options: Options) -> Vec<Data> {
    match looks_like(bytes) {
        Some(Source::Binary) => vec![read_sa(bytes, options)],
        Some(Source::SadfJson) => text::read_sadf_json(bytes),
        Some(Source::SadfXml) => text::read_sadf_xml(bytes),
        Some(Source::SadfCsv) => vec![text::read_sadf_csv(bytes)],
        Some(Source::SadfLines) => vec![text::read_sadf_lines(bytes)],
        Some(Source::Vmstat) => vec![text::read_vmstat(bytes)],
        Some(Source::Iostat) => text::read_iostat(bytes),
        Some(Source::Sar | Source::Pidstat) => text::read_sar(bytes),
        None => Vec::new(),
    }
}
