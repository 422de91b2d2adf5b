//! pgautopsy: why did a Patroni-run PostgreSQL primary fail over, and what proves it.

pub mod sysstat;
pub mod input;
