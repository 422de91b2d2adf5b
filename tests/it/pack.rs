//! Archives of every kind, made in memory.

use crate::compress::{bz2, gz, xz, zst};
use std::io::Write as _;

pub type Files = Vec<(String, Vec<u8>)>;

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
