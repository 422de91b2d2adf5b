//! pgautopsy: why did a Patroni-run PostgreSQL primary fail over, and what proves it.

pub mod detect;
pub mod formats;
pub mod input;
pub mod messages;
pub mod model;
pub mod sysstat;
