//! Compressed streams, made in memory; the library's own tests use them as well.

use std::io::Write as _;

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An xz stream of chunks that are stored as they are, without a check: <https://tukaani.org/xz/xz-file-format.txt>.
pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let crc = |part: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(part);
        crc.sum().to_le_bytes()
    };
    let number = |mut n: usize| {
        let mut out = Vec::new();
        while n > 0x7f {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
        out
    };
    // One filter, LZMA2 with a dictionary of 1 MiB.
    let header = [2, 0, 0x21, 1, 16, 0, 0, 0];
    let mut block = [&header[..], &crc(&header)].concat();
    for (n, chunk) in bytes.chunks(0xffff).enumerate() {
        block.push(if n == 0 { 1 } else { 2 });
        block.extend((chunk.len() as u16 - 1).to_be_bytes());
        block.extend(chunk);
    }
    block.push(0);
    let mut index = [&[0, 1][..], &number(block.len()), &number(bytes.len())].concat();
    index.resize(index.len().next_multiple_of(4), 0);
    index.extend(crc(&index));
    block.resize(block.len().next_multiple_of(4), 0);
    let back = [&(index.len() as u32 / 4 - 1).to_le_bytes()[..], &[0, 0]].concat();
    [b"\xfd7zXZ\0\0\0", &crc(&[0, 0])[..], &block, &index, &crc(&back), &back, b"YZ"].concat()
}
