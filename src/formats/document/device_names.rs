//! Which device is which, beside `lsblk`: `ls -l` of `/dev/mapper` and of links such as `pg_wal`, `dmsetup`, `multipath -ll`.

use crate::formats::Document;
use crate::formats::sheet::{Line, Sheet, lines};
use crate::model::{Key, Parsed, Program};

pub static FORMAT: Document = Document {
    name: "device-names",
    program: Program::Command,
    doc: "`ls -l /dev/mapper` and other listings whose links name a device or PostgreSQL's WAL folder, `dmsetup ls`, `dmsetup info -c`, `multipath -ll`",
    sniff,
    read,
    samples: &[
        "total 0\ncrw------- 1 root root 10, 236 Nov 21 08:00 control\nlrwxrwxrwx 1 root root       7 Nov 21 08:00 vg-pgdata -> ../dm-3\n",
        "vg-pgdata\t(253:3)\nvg-root\t(253:0)\n",
        "Name             Maj Min Stat Open Targ Event  UUID\nvg-pgdata        253   3 L--w    1    1      0 LVM-abc\n",
        "mpatha (3600508b400105e210000900000490000) dm-0 HP,HSV210\nsize=50G features='0' hwhandler='0' wp=rw\n`-+- policy='service-time 0' prio=1 status=active\n  |- 2:0:0:1 sdb 8:16 active ready running\n",
    ],
};

/// Majors that the device mapper gets: whichever was free when the kernel came up.
const MAPPER: [&str; 3] = ["253", "252", "254"];

enum Found<'a> {
    /// Device, major and minor.
    Number(&'a str, &'a str, &'a str),
    /// Device and the minor of its `dm-N`.
    Mapped(&'a str, &'a str),
    /// Where PostgreSQL's WAL is.
    Wal(&'a str),
    /// A path of a multipath device.
    Path(&'a str, &'a str),
}

fn sniff(head: &[u8], _name: &str) -> u8 {
    let text = String::from_utf8_lossy(head);
    let mut above = String::new();
    let all: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).take(200).collect();
    let hits = all.iter().filter(|l| found(l, &mut above).is_some()).count();
    let listed = |l: &&&str| l.starts_with("total ") || is_listed(l) || l.ends_with(':');
    let of_lists = all.iter().filter(listed).count() + hits;
    if hits > 0 && (hits * 2 >= all.len() || of_lists >= all.len() || !above.is_empty()) { 91 } else { 0 }
}

fn read(content: &[u8], _name: &str, out: &mut Parsed) {
    let text = String::from_utf8_lossy(content);
    let mut sheet = Sheet::new(out, Program::Command);
    let mut above = String::new();
    for line in lines(&text) {
        match found(line.text, &mut above) {
            Some(Found::Number(device, major, minor)) => number(device, major, minor, line, &mut sheet),
            Some(Found::Mapped(device, minor)) => {
                MAPPER.iter().for_each(|major| number(device, major, minor, line, &mut sheet));
            }
            Some(Found::Wal(folder)) => sheet.text(Key::PgWalDir, None, folder, line),
            Some(Found::Path(device, path)) => sheet.text(Key::DeviceParent, Some(device), path, line),
            None => {}
        }
    }
    sheet.account(&text);
}

fn number(device: &str, major: &str, minor: &str, line: Line<'_>, sheet: &mut Sheet<'_>) {
    sheet.text(Key::DeviceNumber, Some(device), &format!("{major}:{minor}"), line);
}

/// What a line names; `above` is the multipath device that paths below it belong to.
fn found<'a>(line: &'a str, above: &'a mut String) -> Option<Found<'a>> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = line.split_whitespace().collect();
    if is_listed(line) {
        let [.., link, "->", target] = words.as_slice() else { return None };
        let name = link.rsplit('/').next().unwrap_or(link);
        if matches!(name, "pg_wal" | "pg_xlog") && target.starts_with('/') {
            return Some(Found::Wal(target));
        }
        let minor = target.rsplit('/').next()?.strip_prefix("dm-").filter(|m| digits(m))?;
        return Some(Found::Mapped(name, minor));
    }
    // dmsetup: `name\t(253:3)`, older `(253, 3)`.
    if let Some((name, rest)) = line.split_once("\t(").or_else(|| line.split_once(" ("))
        && let Some((major, minor)) = rest.strip_suffix(')').and_then(|r| r.split_once([':', ',']))
        && digits(major)
        && digits(minor.trim())
        && !name.contains(' ')
    {
        return Some(Found::Number(name, major, minor.trim()));
    }
    match words.as_slice() {
        [name, major, minor, stat, open, targ, event, ..]
            if digits(major) && digits(minor) && stat.len() == 4 && [open, targ, event].iter().all(|w| digits(w)) =>
        {
            Some(Found::Number(name, major, minor))
        }
        [name, wwid, dm, ..]
            if wwid.starts_with('(') && wwid.ends_with(')') && dm.strip_prefix("dm-").is_some_and(digits) =>
        {
            above.clear();
            above.push_str(name);
            Some(Found::Mapped(name, dm.strip_prefix("dm-")?))
        }
        [.., hctl, disk, numbers, state, _, _]
            if hctl.split(':').count() == 4
                && numbers.contains(':')
                && matches!(*state, "active" | "failed" | "undef")
                && !above.is_empty() =>
        {
            Some(Found::Path(above, disk))
        }
        _ => None,
    }
}

/// A line of `ls -l`: the mode, the number of links.
fn is_listed(line: &str) -> bool {
    let mode = line.get(..10).unwrap_or("");
    mode.starts_with(['-', 'l', 'd', 'c', 'b', 's', 'p'])
        && mode.bytes().skip(1).all(|b| matches!(b, b'r' | b'w' | b'x' | b'-' | b's' | b't' | b'S' | b'T'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<String> {
        assert!(sniff(text.as_bytes(), "") > 0, "{text}");
        FORMAT.facts(text)
    }

    #[test]
    fn names_of_mapped_devices_have_numbers() {
        let [ls, dmsetup, info, multipath] = FORMAT.samples else { panic!() };
        let all = ["DeviceNumber vg-pgdata 253:3", "DeviceNumber vg-pgdata 252:3", "DeviceNumber vg-pgdata 254:3"];
        assert_eq!(facts(ls), all);
        assert_eq!(facts(dmsetup), ["DeviceNumber vg-pgdata 253:3", "DeviceNumber vg-root 253:0"]);
        assert_eq!(facts(&dmsetup.replace(':', ", ")), ["DeviceNumber vg-pgdata 253:3", "DeviceNumber vg-root 253:0"]);
        assert_eq!(facts(info), ["DeviceNumber vg-pgdata 253:3"]);
        assert_eq!(facts(multipath).last().map(String::as_str), Some("DeviceParent mpatha sdb"));
    }

    #[test]
    fn a_link_names_the_folder_of_the_wal() {
        let text = "/var/lib/postgresql/15/main:\ntotal 84\ndrwx------ 5 postgres postgres 4096 Nov 21 08:00 base\nlrwxrwxrwx 1 postgres postgres   14 Nov 21 08:00 pg_wal -> /wal/15/pg_wal\n";
        assert_eq!(facts(text), ["PgWalDir - /wal/15/pg_wal"]);
        let plain = "total 84\ndrwx------ 5 postgres postgres 4096 Nov 21 08:00 base\ndrwx------ 5 postgres postgres 4096 Nov 21 08:00 pg_wal\n";
        assert_eq!(sniff(plain.as_bytes(), ""), 0);
    }
}
