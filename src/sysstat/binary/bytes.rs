//! Numbers and strings out of a file of either byte order; every access is bounded.

/// Byte order and width of `long` of the machine that wrote the file, and its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a> {
    pub data: &'a [u8],
    pub big_endian: bool,
    /// 4 or 8.
    pub long: u8,
}

impl<'a> Bytes<'a> {
    pub fn slice(&self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.data.get(at..at.checked_add(len)?)
    }

    pub fn u8(&self, at: usize) -> Option<u8> {
        self.data.get(at).copied()
    }

    pub fn u16(&self, at: usize) -> Option<u16> {
        let raw = self.slice(at, 2)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
    }

    pub fn u32(&self, at: usize) -> Option<u32> {
        let raw = self.slice(at, 4)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
    }

    pub fn u64(&self, at: usize) -> Option<u64> {
        let raw = self.slice(at, 8)?.try_into().ok()?;
        Some(if self.big_endian { u64::from_be_bytes(raw) } else { u64::from_le_bytes(raw) })
    }

    /// `unsigned long`: 8 bytes wide in the file, of which a 32-bit machine filled the first 4.
    pub fn long(&self, at: usize) -> Option<u64> {
        if self.long == 4 { self.u32(at).map(u64::from) } else { self.u64(at) }
    }

    pub fn zero(&self, at: usize, len: usize) -> bool {
        self.slice(at, len).is_some_and(|s| s.iter().all(|&b| b == 0))
    }
}

/// The text up to the first NUL.
pub(crate) fn text(raw: &[u8]) -> String {
    String::from_utf8_lossy(cut(raw)).into_owned()
}

/// The bytes up to the first NUL.
pub(crate) fn cut(raw: &[u8]) -> &[u8] {
    raw.get(..raw.iter().position(|&b| b == 0).unwrap_or(raw.len())).unwrap_or_default()
}
