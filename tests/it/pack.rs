//! Archives of every kind, made in memory.

use std::io::Write as _;

pub type Files = Vec<(String, Vec<u8>)>;

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Chunks that are stored as they are, without a check: <https://tukaani.org/xz/xz-file-format.txt>.
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

pub fn tar(files: &Files) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_mtime(1_795_222_800);
        match bytes.strip_prefix(b"-> ") {
            Some(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                builder.append_link(&mut header, path, std::str::from_utf8(target).unwrap()).unwrap();
            }
            None => {
                header.set_size(bytes.len() as u64);
                builder.append_data(&mut header, path, bytes.as_slice()).unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

pub fn zip(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// All files in one archive of this name, packed as its ending says.
pub fn one(name: &str, files: &Files) -> Files {
    let packed = match name {
        n if n.ends_with(".zip") => zip(files),
        n if n.ends_with(".tar") => tar(files),
        n if n.ends_with(".tar.gz") || n.ends_with(".tgz") => gz(&tar(files)),
        n if n.ends_with(".tar.xz") => xz(&tar(files)),
        n if n.ends_with(".tar.bz2") => bz2(&tar(files)),
        n if n.ends_with(".tar.zst") => zst(&tar(files)),
        n => panic!("{n}"),
    };
    vec![(name.to_owned(), packed)]
}

/// One archive for each folder at the top, with the ending given, its name inside as well.
pub fn each(ending: &str, files: &Files) -> Files {
    let mut folders: std::collections::BTreeMap<String, Files> = std::collections::BTreeMap::new();
    for (path, bytes) in files {
        let top = path.split('/').next().unwrap().to_owned();
        folders.entry(top).or_default().push((path.clone(), bytes.clone()));
    }
    folders.into_iter().flat_map(|(top, files)| one(&format!("{top}{ending}"), &files)).collect()
}

/// Writes files and links (`-> target`) below a folder.
pub fn unpack(folder: &std::path::Path, files: &Files) {
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        match bytes.strip_prefix(b"-> ") {
            Some(target) => std::os::unix::fs::symlink(std::str::from_utf8(target).unwrap(), path).unwrap(),
            None => std::fs::write(path, bytes).unwrap(),
        }
    }
}
