//! Zip: the crate `zip` reads the directory at the end and unpacks the members one by one.

use super::archive::Bundle;
use super::stream::Stream;
use super::{Entry, Loss, path};
use std::io::{Read, Seek};
use zip::ExtraField;
use zip::read::{ZipFile, ZipFileEntry, ZipReadOptions};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

/// Reads every member of a zip that can be read at any place. `directory` and `bytes` are the same zip twice: one
/// follows the directory, the other the members. Errs, with nothing read, when there is no directory.
pub(super) fn read<R: Read + Seek>(
    bundle: &mut Bundle<'_>,
    container: &Entry,
    directory: R,
    mut bytes: R,
    depth: u64,
) -> Result<(), ZipError> {
    let mut zip = ZipIterable::try_new(directory, zip::read::Config::default())?;
    let mut names = path::Unique::default();
    let mut locked = Locked::default();
    for (n, member) in zip.files()?.enumerate() {
        let member = match member {
            Ok(member) => member,
            Err(error) if n == 0 => return Err(error),
            Err(error) => {
                let why =
                    format!("damaged: its directory cannot be read beyond member {n} ({error})");
                bundle.skip(&container.path, why, Loss::Part);
                break;
            }
        };
        if !bundle.admits_entry(&container.path) {
            break;
        }
        let name = path::of_member(member.name_raw());
        if member.is_dir() || bundle.is_junk(&container.path, &name) {
            continue;
        }
        let path = path::inside(&container.path, &names.name(name));
        if member.is_symlink() {
            bundle.skip(
                &path,
                "symbolic link in an archive: not followed".into(),
                Loss::Nothing,
            );
        } else if member.encrypted() {
            locked.add(path);
        } else {
            let method = member.compression();
            let mut entry = Entry {
                path,
                modified: local_time(&member),
                size: Some(member.size()),
            };
            match member.with_reader(&mut bytes, ZipReadOptions::default()) {
                Ok(reader) => {
                    entry.modified = unix_time(&reader).or(entry.modified);
                    let mut stream = Stream::decoded(reader, bundle.meter, bundle.limits);
                    bundle.open(entry, &mut stream, depth);
                }
                Err(ZipError::UnsupportedArchive(_)) => {
                    let why = format!(
                        "packed with {method}, which is not read; unpack it, or repack it with zip -r"
                    );
                    bundle.skip(&entry.path, why, Loss::All);
                }
                Err(error) => bundle.skip(&entry.path, format!("damaged: {error}"), Loss::All),
            }
        }
    }
    locked.report(bundle, &container.path);
    Ok(())
}

/// Members that need a password: one line for all of them.
#[derive(Debug, Default)]
struct Locked {
    first: Option<String>,
    count: u64,
}

impl Locked {
    fn add(&mut self, path: String) {
        self.first.get_or_insert(path);
        self.count += 1;
    }

    fn report(self, bundle: &mut Bundle<'_>, container: &str) {
        let Some(first) = self.first else { return };
        let which = match self.count {
            1 => format!("{first} is password-protected"),
            n => format!("{n} members are password-protected, {first} is the first"),
        };
        let why = format!(
            "{which}; unpack it with its password (7z x, unzip -P) and give the folder, or repack without"
        );
        bundle.skip(container, why, Loss::Part);
    }
}

/// The time that Info-ZIP and macOS add, with a known zone.
fn unix_time<R: Read>(member: &ZipFile<'_, R>) -> Option<i64> {
    member.extra_data_fields().find_map(|field| match field {
        ExtraField::ExtendedTimestamp(time) => time.mod_time().map(i64::from),
        _ => None,
    })
}

/// The time of MS-DOS, which is local time of an unknown zone, taken as UTC.
fn local_time(member: &ZipFileEntry<'_>) -> Option<i64> {
    let time = member.last_modified()?;
    let date = chrono::NaiveDate::from_ymd_opt(
        time.year().into(),
        time.month().into(),
        time.day().into(),
    )?;
    let time = date.and_hms_opt(
        time.hour().into(),
        time.minute().into(),
        time.second().into(),
    )?;
    Some(time.and_utc().timestamp())
}
