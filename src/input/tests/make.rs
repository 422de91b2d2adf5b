//! Small archives and compressed streams of every kind.

use super::*;
pub(super) use compress::{bz2, gz, xz, zst};

#[path = "../../../tests/it/compress.rs"]
mod compress;

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
