//! Reads sysstat data: binary `sa` files of every age and machine, and the texts that sysstat's programs print.
//!
//! The module stands alone: it knows nothing of the rest of the crate. All readers take bytes (already decompressed),
//! never fail, and fill in [`Data`]: rows of values over spans of time, plus what could not be read.
//!
//! ```
//! use pgautopsy::sysstat::{self, Options};
//!
//! // The bytes of /var/log/sysstat/sa21, of `sar -A`, `sadf -j`, `iostat -xt` …: told by content.
//! let bytes = b"Linux 6.1.0-18-amd64 (db1) \t2026-03-02 \t_x86_64_\t(4 CPU)\n
//! 10:00:01          DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util
//! 10:10:01          sda     10.00      0.00    100.00      0.00     10.00      0.01      0.70      1.00
//! 10:20:01          sda     10.00      0.00    100.00      0.00     10.00      0.01   2400.00     97.00\n";
//! let mut seen = Vec::new();
//! for host in sysstat::read(bytes, Options::default()) {
//!     for disk in host.sets_of("disk") {
//!         for (span, await_ms) in disk.series(&host, "await") {
//!             let end = span.to.local.expect("sar prints the host's own clock");
//!             seen.push((disk.item.as_deref().unwrap_or_default().to_owned(), end.second, await_ms));
//!         }
//!     }
//!     assert!(host.problems.is_empty()); // what could not be read, and where
//! }
//! assert_eq!(seen, [("sda".to_owned(), 36601, 0.7), ("sda".to_owned(), 37201, 2400.0)]);
//! ```
//!
//! A binary file of any length becomes the JSON of `sadf -j` while it is read, with a few MB of memory:
//!
//! ```no_run
//! use pgautopsy::sysstat::{Options, print::Json, usual_disk_name};
//!
//! let mut out = std::io::stdout();
//! let mut document = Json::new(&mut out);
//! let mut file = std::fs::File::open("/var/log/sysstat/sa21")?;
//! for host in document.binary(&mut file, Options::default(), &usual_disk_name)? {
//!     host.problems.iter().for_each(|p| eprintln!("at byte {}: {}", p.offset, p.what));
//! }
//! document.finish()?;
//! # Ok::<(), std::io::Error>(())
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
pub use binary::{Options, files, looks_like_sa, read_files, read_sa};
pub use model::{Comment, Data, Fault, Local, Problem, Restart, Set, Skipped, Source, Span, Stamp, Version};

/// What kind of sysstat data begins like this, if any. Strict: a log file is none.
pub fn looks_like(head: &[u8]) -> Option<Source> {
    type Test = fn(&[u8]) -> bool;
    let tests: [(Test, Source); 9] = [
        (looks_like_sa, Source::Binary),
        (text::looks_like_sadf_json, Source::SadfJson),
        (text::looks_like_sadf_xml, Source::SadfXml),
        (text::looks_like_sadf_csv, Source::SadfCsv),
        (text::looks_like_sadf_lines, Source::SadfLines),
        (text::looks_like_programs_json, Source::Iostat),
        (text::looks_like_vmstat, Source::Vmstat),
        (text::looks_like_iostat, Source::Iostat),
        (text::looks_like_sar, Source::Sar),
    ];
    tests.into_iter().find(|(test, _)| test(head)).map(|(_, source)| source)
}

/// Reads a file of any kind, one [`Data`] per host or run in it; nothing for a file of none of the kinds.
pub fn read(bytes: &[u8], options: Options) -> Vec<Data> {
    match looks_like(bytes) {
        Some(Source::Binary) => read_files(bytes, options),
        Some(Source::SadfJson) => text::read_sadf_json(bytes),
        Some(Source::SadfXml) => text::read_sadf_xml(bytes),
        Some(Source::SadfCsv) => vec![text::read_sadf_csv(bytes)],
        Some(Source::SadfLines) => vec![text::read_sadf_lines(bytes)],
        Some(Source::Vmstat) => vec![text::read_vmstat(bytes)],
        Some(Source::Iostat) if text::looks_like_programs_json(bytes) => text::read_programs_json(bytes),
        Some(Source::Iostat) => text::read_iostat(bytes),
        Some(Source::Sar | Source::Pidstat) => text::read_sar(bytes),
        None => Vec::new(),
    }
}
