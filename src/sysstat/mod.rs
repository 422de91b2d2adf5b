//! Reads sysstat data: binary `sa` files of every age and `sar` text.

pub mod activity;
pub mod binary;
pub mod model;
pub mod print;
pub mod text;

pub use binary::{Options, looks_like_sa, read_sa};

#[cfg(test)]
mod tests;
