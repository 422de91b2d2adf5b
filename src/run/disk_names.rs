//! What disks are called on the hosts whose activity files know them by number: from `lsblk`, `dmsetup`, `/dev/mapper` and
//! `multipath` in the same bundle, or in the folders around a single file.

use super::{Settings, read_one, shortened, shown_without};
use crate::cluster;
use crate::detect::{Detected, detect};
use crate::input::{Entry, InputError, read_all};
use crate::model::{Key, NameHint, Naming, NodeId, Parsed, Program, Source, Stream};
use crate::sysstat::usual_disk_name;
use std::collections::BTreeMap;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names by the path of an activity file, and by major and minor number.
#[derive(Debug, Default)]
pub(super) struct DiskNames {
    hosts: BTreeMap<String, NodeId>,
    /// `None`: the bundle gives it two names.
    names: BTreeMap<(NodeId, u32, u32), Option<String>>,
}

/// Names of files that are looked into when only one activity file was given.
const TELLING: [&str; 6] = ["lsblk", "dmsetup", "multipath", "mapper", "blockdev", "block_dev"];

/// Where a sosreport has them.
const OF_SOS: [&str; 4] = ["block", "devicemapper", "multipath", "lvm2"];

/// Larger files are no listings of devices.
const LARGEST: u64 = 4 << 20;

impl DiskNames {
    /// Looks into everything below the paths, and around those that are single files.
    pub fn around(paths: &[PathBuf], settings: &Settings) -> Result<DiskNames, InputError> {
        let (mut below, mut prefixes) = (Vec::new(), Vec::new());
        for path in paths {
            match fs::metadata(path) {
                // Standard input and pipes can't be read twice.
                Ok(meta) if meta.is_dir() || meta.is_file() => below.push(path.clone()),
                _ => continue,
            }
            let root = if path.is_dir() { path.clone() } else { beside(path, &mut below) };
            prefixes.extend(shown_without(&root));
        }
        if below.is_empty() {
            return Ok(DiskNames::default());
        }
        let listing = read_all(&below, &settings.limits, settings.threads.max(1), &read)?;
        let mut sources = Vec::new();
        for (entry, parsed) in listing.items {
            let Some(parsed) = parsed else { continue };
            sources.push((entry.path.clone(), Source { path: entry.path, modified: None, parsed }));
        }
        if sources.iter().all(|(_, source)| source.parsed.facts.is_empty()) {
            return Ok(DiskNames::default());
        }
        let (whole, mut sources): (Vec<String>, Vec<Source>) = sources.into_iter().unzip();
        sources.iter_mut().for_each(|source| source.path = shortened(&source.path, &prefixes).to_owned());
        Ok(DiskNames::of_hosts(&whole, &sources))
    }

    fn of_hosts(paths: &[String], sources: &[Source]) -> DiskNames {
        let cluster = cluster::join(sources);
        let mut out = DiskNames::default();
        for ((path, source), node) in paths.iter().zip(sources).zip(&cluster.of_source) {
            if source.parsed.facts.is_empty() {
                out.hosts.insert(path.clone(), *node);
            }
            for fact in source.parsed.facts.iter().filter(|fact| fact.key == Key::DeviceNumber) {
                let number = fact.value.text().and_then(|n| n.split_once(':'));
                let number = number.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
                let (Some((major, minor)), Some(name)) = (number, fact.item.as_deref()) else { continue };
                let known = out.names.entry((*node, major, minor)).or_insert_with(|| Some(name.to_owned()));
                if known.as_deref() != Some(name) {
                    *known = None;
                }
            }
        }
        out
    }

    /// The name of a disk in the activity file at this path; else the one that Linux gives it everywhere.
    pub fn of(&self, path: &str, major: u32, minor: u32) -> Option<String> {
        let told = self.hosts.get(path).and_then(|node| self.names.get(&(*node, major, minor)).cloned().flatten());
        told.or_else(|| usual_disk_name(major, minor))
    }
}

/// Hosts of activity files, and listings of devices.
fn read(entry: &Entry, input: &mut dyn BufRead) -> Option<Parsed> {
    let head = input.fill_buf().ok()?;
    let head = head.get(..head.len().min(64 << 10)).unwrap_or(head).to_vec();
    let Detected::Document(document) = detect(&head, &entry.path).found else { return None };
    match document.name {
        "sysstat" => {
            let mut stream = Stream::new(Program::Sysstat, None, true);
            let host = crate::formats::sysstat_data(&head)?.into_iter().find_map(|data| data.host);
            let hint = |name: String| NameHint { naming: Naming::Host, name: Arc::from(name), line: 1, seen: 1 };
            stream.names.extend(host.map(hint));
            Some(Parsed { streams: vec![stream], ..Parsed::default() })
        }
        "lsblk" | "device-names" => read_one(&entry.path, input).ok().filter(|parsed| !parsed.facts.is_empty()),
        _ => None,
    }
}

/// Adds what may tell names near a file: the folders of its sosreport, else files of telling names in its folder and in
/// those beside it. Gives the folder that all of that lies in.
fn beside(file: &Path, out: &mut Vec<PathBuf>) -> PathBuf {
    // `sa21` alone has an empty parent.
    let here = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folders: Vec<&Path> = here.ancestors().skip(1).take(5).collect();
    if let Some(sos) = folders.iter().find(|folder| folder.join("sos_commands").is_dir()) {
        out.extend(OF_SOS.map(|part| sos.join("sos_commands").join(part)).into_iter().filter(|part| part.is_dir()));
        return sos.to_path_buf();
    }
    let Some(own) = folders.first() else { return here };
    let above = folders.get(1).filter(|above| above.parent().is_some()).unwrap_or(own);
    let mut folders = vec![above.to_path_buf()];
    folders.extend(listed(above).into_iter().filter(|path| path.is_dir()));
    let telling = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        TELLING.iter().any(|part| name.contains(part))
            && fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST)
    };
    out.extend(folders.iter().flat_map(|folder| listed(folder)).filter(telling));
    above.to_path_buf()
}

/// The paths in a folder, in order; of very many the first.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(1000);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
