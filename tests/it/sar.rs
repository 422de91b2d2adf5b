//! `pgautopsy sar` prints sysstat's numbers with the names that lie beside them.

use std::path::Path;
use std::process::Command;

/// What sar printed on a host whose disks are volumes.
const SAR: &str = "Linux 6.1.0-18-amd64 (pg1) \t2026-11-20 \t_x86_64_\t(4 CPU)\n\n13:40:01          DEV       tps     rkB/s     wkB/s     dkB/s   areq-sz    aqu-sz     await     %util\n13:50:01     dev253-3     80.00      0.00   9000.00      0.00    112.50      0.05      0.62      5.10\n13:50:01       dev8-0     80.00      0.00   9000.00      0.00    112.50      0.05      0.60      5.00\n14:00:01     dev253-3     85.00      0.00   9100.00      0.00    107.06      0.05      0.61      5.20\n14:00:01       dev8-0     85.00      0.00   9100.00      0.00    107.06      0.05      0.59      5.10\n";

const DMSETUP: &str = "Name             Maj Min Stat Open Targ Event  UUID\nvg0-root         253   0 L--w    1    1      0 LVM-abc\nvg0-pgdata       253   3 L--w    1    1      0 LVM-def\n";

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The disks in the output, in order.
fn disks(format: &str, path: &Path) -> Vec<String> {
    let run = Command::new(env!("CARGO_BIN_EXE_pgautopsy")).args(["sar", "-f", format]).arg(path).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let out = String::from_utf8(run.stdout).unwrap();
    let mut disks = Vec::new();
    if format == "json" {
        let all: serde_json::Value = serde_json::from_str(&out).unwrap();
        for host in all["sysstat"]["hosts"].as_array().unwrap() {
            let disk = host["statistics"][0]["disk"].as_array().unwrap().iter();
            disks.extend(disk.map(|disk| disk["disk-device"].as_str().unwrap().to_owned()));
        }
    } else {
        let rows = out.lines().filter(|l| l.starts_with("13:50:01"));
        disks.extend(rows.filter_map(|l| l.split_whitespace().nth(1).map(str::to_owned)));
    }
    disks.sort();
    disks
}

#[test]
fn volumes_of_a_sosreport_have_their_names_though_only_the_sar_file_is_given() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[
            ("sosreport-pg1/var/log/sa/sar20", SAR),
            ("sosreport-pg1/sos_commands/devicemapper/dmsetup_info_-c", DMSETUP),
            ("sosreport-pg2/sos_commands/devicemapper/dmsetup_info_-c", &DMSETUP.replace("vg0-pgdata", "other")),
        ],
    );
    for format in ["text", "json"] {
        let file = dir.path().join("sosreport-pg1/var/log/sa/sar20");
        assert_eq!(disks(format, &file), ["sda", "vg0-pgdata"], "{format}");
        assert_eq!(disks(format, &dir.path().join("sosreport-pg1")), ["sda", "vg0-pgdata"], "{format}");
    }
}

#[test]
fn each_host_of_a_bundle_has_its_own_names() {
    let dir = tempfile::tempdir().unwrap();
    let lsblk = "NAME         MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nsda            8:0    0   50G  0 disk \n`-vg9-data   253:3    0   29G  0 lvm  /pgdata\n";
    write(
        dir.path(),
        &[
            ("pg1/sysstat/sar20", SAR),
            ("pg1/commands/lsblk.txt", lsblk),
            ("pg2/sysstat/sar20", &SAR.replace("pg1", "pg2")),
            ("pg2/commands/dmsetup.txt", DMSETUP),
            ("pg3/sysstat/sar20", &SAR.replace("pg1", "pg3")),
        ],
    );
    let all = ["dev253-3", "sda", "sda", "sda", "vg0-pgdata", "vg9-data"];
    assert_eq!(disks("text", dir.path()), all);
    assert_eq!(disks("json", dir.path()), all);
    // A single file: what stands in the folder beside it counts, another host's doesn't.
    assert_eq!(disks("json", &dir.path().join("pg1/sysstat/sar20")), ["sda", "vg9-data"]);
    assert_eq!(disks("json", &dir.path().join("pg3/sysstat/sar20")), ["dev253-3", "sda"]);
}

#[test]
fn two_names_for_one_number_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let files = [("sar20", SAR), ("dmsetup-a.txt", DMSETUP), ("dmsetup-b.txt", &DMSETUP.replace("pgdata", "older"))];
    write(dir.path(), &files);
    assert_eq!(disks("json", dir.path()), ["dev253-3", "sda"]);
}

/// The same in the diagnosis: the volume that etcd's data lies on answers slowly.
#[test]
fn the_report_calls_a_slow_volume_by_its_name_and_mount_point() {
    let seed = crate::root("samples/01-slow-etcd-disk/bundle");
    let dir = tempfile::tempdir().unwrap();
    copy(&seed, dir.path());
    let lsblk = "NAME         MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\nsda            8:0    0   50G  0 disk \n`-vg0-etcd   253:3    0   29G  0 lvm  /var/lib/etcd\n";
    write(dir.path(), &[("db1/lsblk.txt", lsblk)]);
    let sar = std::fs::read_to_string(dir.path().join("db1/sar-d.txt")).unwrap();
    assert!(sar.contains("dev8-2 "), "{sar}");
    write(dir.path(), &[("db1/sar-d.txt", &sar.replace("dev8-2 ", "dev253-3 "))]);
    let run =
        Command::new(env!("CARGO_BIN_EXE_pgautopsy")).args(["-v", "-f", "json"]).arg(dir.path()).output().unwrap();
    let report = String::from_utf8(run.stdout).unwrap();
    assert!(report.contains("dev253-3 (vg0-etcd, mounted on /var/lib/etcd)"), "{report}");
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
