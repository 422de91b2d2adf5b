//! Reads the texts that sysstat's programs print.

mod build;
mod columns;
mod line;
mod sadf;
mod sar;
mod stamp;

pub use sadf::{looks_like_sadf_csv, looks_like_sadf_lines, read_sadf_csv, read_sadf_lines};
pub use sar::{looks_like_sar, read_sar};
