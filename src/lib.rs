//! pgautopsy: why did a Patroni-run PostgreSQL primary fail over, and what proves it.
//!
//! Data runs one way, each stage a module: `input` → `detect` → `formats` (with `messages` and `sysstat`) → `cluster`
//! → `clock` → `timeline` → `axis` → `incidents` → `causes` → `report` → `render`. `run` is the pipeline.

pub mod axis;
pub mod causes;
pub mod checks;
pub mod clock;
pub mod cluster;
pub mod collect;
pub mod config;
pub mod daily;
pub mod detect;
pub mod formats;
pub mod incidents;
pub mod input;
pub mod messages;
pub mod model;
pub mod redact;
pub mod render;
pub mod report;
pub mod run;
pub mod spelling;
pub mod sysstat;
pub mod thin;
pub mod timeline;
pub mod triage;
pub mod when;
