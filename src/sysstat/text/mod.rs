//! Reads the texts that sysstat's programs print.

mod build;
mod columns;
mod line;
mod programs;
mod reports;
mod sadf;
mod sar;
mod stamp;
#[cfg(test)]
mod tests;
mod tree;

pub use programs::{looks_like_programs_json, read_programs_json};
pub use reports::{looks_like_iostat, looks_like_vmstat, read_iostat, read_vmstat};
pub use sadf::{looks_like_sadf_csv, looks_like_sadf_lines, read_sadf_csv, read_sadf_lines};
pub use sar::{looks_like_sar, read_sar};
pub use tree::{looks_like_sadf_json, looks_like_sadf_xml, read_sadf_json, read_sadf_xml};
