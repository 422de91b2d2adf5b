//! The only module that opens files: folders, archives, compressed streams, with limits.
