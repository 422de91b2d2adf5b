//! pgautopsy: why did a Patroni-run PostgreSQL primary fail over, and what proves it.

pub mod input;
pub mod sysstat;
