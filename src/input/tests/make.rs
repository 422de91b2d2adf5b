//! Small archives and compressed streams of every kind.

use super::*;

pub(super) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(super) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `printf 'LOG:  hello\n' | xz`: the library only unpacks, as it is built here.
pub(super) fn xz_hello() -> Vec<u8> {
    hex(
        "fd377a585a000004e6d6b4460200210116000000742fe5a301000b4c4f473a202068656c6c6f0a00dc056403dd97cf7d0001240ca618d8d81fb6f37d010000000004595a",
    )
}

/// An xz stream of chunks that are stored as they are, without a check: <https://tukaani.org/xz/xz-file-format.txt>.
pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
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

pub(super) fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        tar_add(&mut builder, name, bytes);
    }
    builder.into_inner().unwrap()
}

pub(super) fn tar_add(builder: &mut ::tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) {
    let mut header = tar_header(name, ::tar::EntryType::Regular, bytes.len());
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

/// Names go in as they are: the crate refuses the hostile ones.
pub(super) fn tar_header(name: &str, kind: ::tar::EntryType, size: usize) -> ::tar::Header {
    let mut header = ::tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mtime(1_700_000_000);
    header.set_cksum();
    header
}

pub(super) fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(files, ::zip::CompressionMethod::Deflated)
}

pub(super) fn zip_with(files: &[(&str, &[u8])], method: ::zip::CompressionMethod) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, ::zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
