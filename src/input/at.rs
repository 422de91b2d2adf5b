//! Bytes that can be read from any place, by several threads at once.

use super::Progress;
use std::fs::File;
use std::io;

/// Bytes with a known end.
pub trait ReadAt: Sync {
    /// How many there are.
    fn size(&self) -> u64;
    /// Reads some of what there is from byte `at` on; 0 at the end.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// As many bytes from `at` on as there are, and room for.
pub fn fill(source: &dyn ReadAt, at: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while let Some(rest) = into.get_mut(n..).filter(|r| !r.is_empty()) {
        match source.read_at(at + n as u64, rest) {
            Ok(0) => break,
            Ok(got) => n += got,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

/// A plain file on disk, up to the size that it had when it was opened.
#[derive(Debug)]
pub(super) struct PlainFile<'a> {
    pub(super) file: File,
    pub(super) size: u64,
    pub(super) progress: Option<&'a Progress>,
}

impl ReadAt for PlainFile<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(unix)]
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX).min(into.len());
        let n = std::os::unix::fs::FileExt::read_at(&self.file, into.get_mut(..left).unwrap_or(&mut []), at)?;
        if let Some(progress) = self.progress {
            progress.add(n as u64);
        }
        Ok(n)
    }

    #[cfg(not(unix))]
    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or(&[]);
        let n = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}
