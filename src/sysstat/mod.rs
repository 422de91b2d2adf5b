//! Reads sysstat data: binary `sa` files of every age and `sar` text.
