//! `df` in its usual flags: `-h`, `-k`, `-T`, `-i`, `-P`, `--output`, wrapped lines, other languages, with or without its header.

use crate::formats::sheet::{Line, Sheet, lines};
use crate::formats::{Document, prompt, units};
use crate::model::{Key, Naming, Parsed, Program, Value};

pub static FORMAT: Document = Document {
    name: "df",
    program: Program::Command,
    doc: "Use% and mount point by the header's columns or as the last two; a `date` line nearby dates the table; the inode table is told by its `I` columns",
    sniff,
    read,
    samples: &[
        "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        50G   38G   12G  76% /var/lib/etcd\n",
    ],
};

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let all = || text.lines().take(60);
    if all().any(|l| l.starts_with("Filesystem") && header(l).is_some()) {
        return 95;
    }
    let rows = all().filter(|l| loose_row(l).is_some()).count();
    let usual = all().filter(|l| !l.trim().is_empty() && !l.starts_with(' ') && prompt::prompt(l).is_none()).count();
    if all().any(|l| header(l).is_some()) && rows > 0 {
        // Another language.
        return 92;
    }
    // Without its header: most lines end in `NN% /mount`.
    if rows > 0 && rows * 2 >= usual { 60 } else { 0 }
}

/// Columns of a table, by its header.
#[derive(Clone, Debug, Default)]
struct Columns {
    count: usize,
    kind: Option<usize>,
    used: Option<usize>,
    inodes: Option<usize>,
    size: Option<usize>,
    available: Option<usize>,
    /// Bytes of one unit where the header names blocks; `None`: each cell has its own unit.
    block: Option<f64>,
}

/// A header has a column that ends in `%` without being a number, and names no path.
fn header(line: &str) -> Option<Columns> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let percent = |w: &str| w.ends_with('%') && w.len() > 1 && !w.starts_with(|c: char| c.is_ascii_digit());
    let posix = words.contains(&"Capacity");
    if line.contains('/') || !(words.iter().any(|w| percent(w)) || posix) || words.len() < 5 {
        return None;
    }
    // The last column's title has two words in most languages ("Mounted on"), one or more in others.
    let last_percent = words.iter().rposition(|w| percent(w) || *w == "Capacity" || *w == "File")?;
    words.truncate(last_percent + 2);
    // "Sys. de fichiers": the first column's title may have several words as well.
    let first_block = words.iter().position(|w| is_size_title(w)).unwrap_or(1);
    let extra = match words.get(first_block.wrapping_sub(1)) {
        Some(w) if matches!(*w, "Type" | "Typ" | "Tipo" | "Тип") => first_block.saturating_sub(2),
        _ => first_block.saturating_sub(1),
    };
    let words: Vec<&str> = words.into_iter().skip(extra).collect();
    let mut columns = Columns { count: words.len(), ..Columns::default() };
    for (i, word) in words.iter().enumerate() {
        if word.ends_with('%') || *word == "Capacity" {
            // IUse%, IUti%: the inode columns have an `I` in front in every language.
            let inodes = word.starts_with('I');
            let column = if inodes { &mut columns.inodes } else { &mut columns.used };
            *column = Some(i);
        } else if matches!(*word, "Type" | "Typ" | "Tipo" | "Тип") {
            columns.kind = Some(i);
        } else if is_size_title(word) && !word.starts_with("Ino") {
            columns.size = Some(i);
            columns.available = columns.used.is_none().then_some(i + 2);
            columns.block = word.split_once('-').and_then(|(n, _)| units::bytes(n, false)).filter(|n| *n >= 512.0);
        }
    }
    // busybox titles its inode table `Inodes Used Available Use%`.
    if words.iter().any(|w| w.starts_with("Inode")) && columns.inodes.is_none() {
        columns.inodes = columns.used.take();
    }
    Some(columns)
}

fn is_size_title(word: &str) -> bool {
    let blocks = word.contains("-block") || word.contains("-Bl") || word.contains("K-") || word.contains("-blo");
    blocks
        || matches!(
            word,
            "Size"
                | "Größe"
                | "Taille"
                | "Tamaño"
                | "Tam."
                | "Размер"
                | "Dimens."
                | "容量"
                | "サイズ"
                | "Inodes"
                | "INodes"
                | "Inœuds"
        )
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut columns = Columns::default();
    let mut wrapped: Option<Line<'_>> = None;
    for line in lines(&text) {
        if let Some(stamp) = super::date::stamp_line(line.text) {
            if sheet.at.is_none() && !sheet.out.facts.is_empty() {
                // A trailing `date` dates what stands above it.
                sheet.out.facts.iter_mut().for_each(|f| f.at = Some(stamp));
            }
            super::date::zone_fact(stamp, line, &mut sheet);
        } else if let Some(found) = prompt::prompt(line.text) {
            if let Some(host) = found.host {
                sheet.name(Naming::Host, host, line);
            }
        } else if let Some(found) = header(line.text) {
            columns = found;
        } else {
            // Old df and busybox break the line after a long device name.
            let alone = !line.text.is_empty() && !line.text.starts_with(' ') && !line.text.contains(' ');
            match wrapped.take() {
                Some(device) if line.text.starts_with(' ') => {
                    let joined = format!("{} {}", device.text, line.text.trim());
                    row(&joined, &columns, line, &mut sheet);
                }
                _ if alone => wrapped = Some(line),
                _ => row(line.text, &columns, line, &mut sheet),
            }
        }
    }
    sheet.account(&text);
}

fn row(text: &str, columns: &Columns, line: Line<'_>, sheet: &mut Sheet<'_>) {
    let shown = Line { number: line.number, text };
    let words: Vec<&str> = text.split_whitespace().collect();
    let cell = |c: Option<usize>| c.and_then(|c| words.get(c)).copied();
    let percent = |c: Option<usize>| cell(c).and_then(|w| w.strip_suffix('%')).and_then(|w| w.parse::<f64>().ok());
    let mount_at = columns.count.saturating_sub(1);
    let fits =
        columns.count >= 5 && words.len() >= columns.count && words.get(mount_at).is_some_and(|w| w.starts_with('/'));
    if !fits {
        if let Some((device, used, mount)) = loose_row(text).filter(|(d, _, m)| !is_image(d, None, m)) {
            let inodes = columns.inodes.is_some() && columns.used.is_none();
            sheet.num(if inodes { Key::FsInodesUsed } else { Key::FsUsed }, Some(&mount), used, shown);
            if !inodes {
                sheet.text(Key::Mount, Some(&mount), device, shown);
            }
        }
        return;
    }
    // Mount points may hold blanks.
    let mount = words.get(mount_at..).unwrap_or_default().join(" ");
    if is_image(words.first().copied().unwrap_or(""), cell(columns.kind), &mount) {
        return;
    }
    let item = Some(mount.as_str());
    if let Some(used) = percent(columns.inodes) {
        sheet.num(Key::FsInodesUsed, item, used, shown);
    }
    let Some(used) = percent(columns.used) else { return };
    sheet.num(Key::FsUsed, item, used, shown);
    sheet.text(Key::Mount, item, words.first().copied().unwrap_or(""), shown);
    if let Some(kind) = cell(columns.kind) {
        sheet.text(Key::MountType, item, kind, shown);
    }
    for (key, column) in [(Key::FsSizeBytes, columns.size), (Key::FsAvailBytes, columns.available)] {
        let bytes = cell(column).and_then(|c| match columns.block {
            Some(block) => c.parse::<f64>().ok().map(|n| n * block).or_else(|| units::bytes(c, false)),
            // Without a unit it is a number of blocks of a size nobody told.
            None if c.ends_with(|c: char| c.is_ascii_alphabetic()) => units::bytes(c, false),
            None => None,
        });
        if let Some(bytes) = bytes {
            sheet.fact(key, item, Value::Num(bytes), shown);
        }
    }
}

/// Read-only images are always full, and that means nothing.
fn is_image(device: &str, kind: Option<&str>, mount: &str) -> bool {
    matches!(kind, Some("squashfs" | "iso9660" | "udf" | "erofs"))
        || device.starts_with("/dev/sr")
        || (device.starts_with("/dev/loop") && (mount.starts_with("/snap") || mount.contains("/snapd/")))
}

/// Device, used per cent, mount point of a row whose header is missing or does not fit.
fn loose_row(line: &str) -> Option<(&str, f64, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at =
        words.iter().position(|w| w.len() > 1 && w.ends_with('%') && w.starts_with(|c: char| c.is_ascii_digit()))?;
    let used = words.get(at)?.trim_end_matches('%').parse().ok()?;
    let mount = words.get(at + 1).filter(|m| m.starts_with('/'))?;
    let numbers =
        words.get(at.checked_sub(2)?..at)?.iter().all(|w| w.starts_with(|c: char| c.is_ascii_digit()) || *w == "-");
    let mount = if words.len() > at + 2 { words.get(at + 1..)?.join(" ") } else { (*mount).to_owned() };
    (at >= 3 && numbers).then(|| (words.first().copied().unwrap_or(""), used, mount))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str, key: Key) -> Vec<(String, String)> {
        let mut out = Parsed::default();
        read(text.as_bytes(), "", &mut out);
        let show = |f: &crate::model::Fact| {
            let value = f.value.text().map_or_else(|| f.value.num().unwrap_or(-1.0).to_string(), str::to_owned);
            (f.item.as_deref().unwrap_or("").to_owned(), value)
        };
        out.facts.iter().filter(|f| f.key == key).map(show).collect()
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn reads_wrapped_lines_types_and_dates() {
        let text = "Fri Nov 20 19:40:12 EST 2026\nFilesystem     Type  Size  Used Avail Use% Mounted on\n/dev/sdb       ext4  1.5G   89M  1.4G   7% /var/lib/postgresql\n/dev/mapper/very-long-name\n                      50G   38G   12G  76% /data\n";
        assert_eq!(facts(text, Key::FsUsed), [pair("/var/lib/postgresql", "7"), pair("/data", "76")]);
        assert_eq!(facts(text, Key::MountType)[0], pair("/var/lib/postgresql", "ext4"));
        assert_eq!(facts(text, Key::FsAvailBytes)[0].1, (1.4 * 1_073_741_824.0f64).to_string());
        assert_eq!(facts(text, Key::Mount)[1], pair("/data", "/dev/mapper/very-long-name"));
    }

    #[test]
    fn tells_inodes_from_space() {
        let text = "$ df -i\nFilesystem       Inodes  IUsed    IFree IUse% Mounted on\n/dev/sdb          30208   1039    29169    4% /data\nproc 0 0 0 - /proc\n";
        assert_eq!(facts(text, Key::FsInodesUsed), [pair("/data", "4")]);
        assert!(facts(text, Key::FsUsed).is_empty());
        let busybox = "Filesystem              Inodes      Used Available Use% Mounted on\n/dev/vda              16777216   1023299  15753917   6% /\n";
        assert_eq!(facts(busybox, Key::FsInodesUsed), [pair("/", "6")]);
        let both = "Filesystem Type Inodes IUsed IFree IUse%  Size  Used Avail Use% File Mounted on\n/dev/vda  ext4  16M 1000K   16M    7%  252G   32G   60G  35% -    /\n";
        assert_eq!(
            (facts(both, Key::FsInodesUsed), facts(both, Key::FsUsed)),
            (vec![pair("/", "7")], vec![pair("/", "35")])
        );
    }

    #[test]
    fn reads_other_languages_blanks_and_posix() {
        let german = "Dateisystem             Größe Benutzt Verf. Verw% Eingehängt auf\n/dev/vda                 252G     32G   60G   35% /mnt/my data\n";
        assert!(sniff(german.as_bytes(), "") > 90);
        assert_eq!(facts(german, Key::FsUsed), [pair("/mnt/my data", "35")]);
        let french =
            "Sys. de fichiers Taille Utilisé Dispo Uti% Monté sur\n/dev/vda           252G     32G   60G  35% /\n";
        assert_eq!(facts(french, Key::FsUsed), [pair("/", "35")]);
        assert_eq!(facts(french, Key::FsSizeBytes), [pair("/", "270582939648")]);
        let posix = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n/dev/vda         264188000 33000000  62000000      35% /\n";
        assert_eq!(facts(posix, Key::FsAvailBytes), [pair("/", "63488000000")]);
        let bare = "/dev/vda 252G 32G 60G 35% /\n";
        assert_eq!(facts(bare, Key::FsUsed), [pair("/", "35")]);
    }

    #[test]
    fn a_trailing_date_dates_the_table() {
        let mut out = Parsed::default();
        read(
            b"Filesystem Size Used Avail Use% Mounted on\n/dev/vda 252G 32G 60G 35% /\nSat Nov 21 00:25:46 UTC 2026\n",
            "",
            &mut out,
        );
        assert!(out.facts.iter().all(|f| f.at.is_some()));
    }

    #[test]
    fn logs_that_end_in_per_cent_are_no_df() {
        assert_eq!(sniff(b"2021-02-01 13:45:05 disk usage is 95% /data\n", ""), 0);
        assert_eq!(sniff(b"Average: CPU %user %nice %system %iowait\nAverage: all 1 2 3 4\n", ""), 0);
    }
}
