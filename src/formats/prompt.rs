//! Shell prompts and rulers in pasted sessions: which command follows, and on which host.

/// Host (if the prompt names it) and the command behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prompt<'a> {
    pub host: Option<&'a str>,
    pub command: &'a str,
}

/// First words of commands that people run for a post-mortem; a prompt without a host needs one of them.
static COMMANDS: &[&str] = &[
    "cat",
    "chronyc",
    "crm",
    "curl",
    "date",
    "df",
    "dmesg",
    "docker",
    "du",
    "echo",
    "etcd",
    "etcdctl",
    "ETCDCTL_API=3",
    "export",
    "find",
    "findmnt",
    "fio",
    "free",
    "grep",
    "head",
    "hostname",
    "hostnamectl",
    "iostat",
    "ip",
    "journalctl",
    "kubectl",
    "last",
    "ls",
    "lsblk",
    "lscpu",
    "mount",
    "mpstat",
    "netstat",
    "nmcli",
    "ntpq",
    "ntpstat",
    "patroni",
    "patronictl",
    "pg_controldata",
    "pg_ctl",
    "pg_lsclusters",
    "pgbackrest",
    "ping",
    "podman",
    "ps",
    "psql",
    "rpm",
    "dpkg",
    "sadf",
    "sar",
    "ss",
    "ssh",
    "stat",
    "su",
    "sudo",
    "swapon",
    "sysctl",
    "systemctl",
    "tail",
    "timedatectl",
    "top",
    "uname",
    "uptime",
    "vmstat",
    "w",
    "who",
    "zcat",
];

/// Reads a prompt: `[root@pg1 ~]# df -h`, `postgres@pg1:~$ date`, `pg1:~ # df`, `$ df -h`, `# df -h`.
pub fn prompt(line: &str) -> Option<Prompt<'_>> {
    let line = line.trim();
    if let Some(command) =
        line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ")).or_else(|| line.strip_prefix("+ "))
    {
        let command = command.trim();
        let first = command.split_whitespace().next()?;
        return COMMANDS.contains(&first.rsplit('/').next()?).then_some(Prompt { host: None, command });
    }
    // Operators' exports put the bare command above its output.
    let bare = ["patronictl list", "patronictl history", "patronictl topology", "patronictl show-config", "etcdctl "];
    if line.len() < 200 && !line.contains(['|', ':', '│']) && bare.iter().any(|b| line.starts_with(b)) {
        return Some(Prompt { host: None, command: line });
    }
    if let Some(rest) = line.strip_prefix('[') {
        let (inside, command) = rest.split_once(']')?;
        let host = inside.split_once('@')?.1.split([' ', ':']).next()?;
        let command = command.strip_prefix(['$', '#'])?.trim();
        return plausible(host).then_some(Prompt { host: Some(host), command });
    }
    // `user@host:dir$ command`, `user@host dir # command`
    let (head, _) = line.split_once(' ').unwrap_or((line, ""));
    if let Some((user, rest)) = head.split_once('@') {
        let host = rest.split([':', '$', '#', '%']).next()?;
        let valid_user =
            !user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        let at = line.find(['$', '#', '%'])?;
        let between = line.get(head.len().min(at)..at)?;
        if valid_user && plausible(host) && between.len() <= 60 {
            return Some(Prompt { host: Some(host), command: line.get(at + 1..)?.trim() });
        }
        return None;
    }
    // SUSE: `host:dir # command`
    let (host, rest) = line.split_once(':')?;
    let (dir, command) = rest.split_once(" # ")?;
    let first = command.split_whitespace().next()?;
    (plausible(host) && (dir.starts_with('~') || dir.starts_with('/')) && COMMANDS.contains(&first))
        .then_some(Prompt { host: Some(host), command: command.trim() })
}

fn plausible(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 80
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// A heading that home-made collectors print between outputs: `=== df -h ===`, `##### uptime`, `--- date ---`, `==> f <==`.
pub fn ruler(line: &str) -> Option<&str> {
    let line = line.trim();
    let inner = line.trim_matches(['=', '#', '*', '-', '>', '<', ' ', '~', '_', ':']);
    let frame = line.len() - inner.len();
    let begins = ["==", "##", "**", "--", "~~", "__", "# =", "#="].iter().any(|p| line.starts_with(p));
    // journalctl's own marks (`-- Boot … --`) stand inside of logs.
    let begins = begins && !line.starts_with("-- ");
    (begins && frame >= 3 && !inner.is_empty() && inner.len() <= 100 && !inner.contains(['|', '│', '+']))
        .then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_prompts_of_all_shells() {
        let cases = [
            ("[root@pg1 ~]# df -h", Some("pg1"), "df -h"),
            ("[postgres@db-1.example.org data]$ patronictl list", Some("db-1.example.org"), "patronictl list"),
            ("postgres@pg1:~$ date", Some("pg1"), "date"),
            ("root@pg1:/var/lib/etcd# du -sh .", Some("pg1"), "du -sh ."),
            ("pg1:~ # df -h", Some("pg1"), "df -h"),
            ("$ df -hT -x tmpfs", None, "df -hT -x tmpfs"),
            ("# etcdctl member list", None, "etcdctl member list"),
            ("patronictl history", None, "patronictl history"),
        ];
        for (line, host, command) in cases {
            assert_eq!(prompt(line), Some(Prompt { host, command }), "{line}");
        }
        for line in [
            "# a comment",
            "$ 5 per month",
            "name@example.org wrote:",
            "[Fri Nov 20 19:15:15 2026] x",
            "2026-11-20 19:40:12 UTC [12]: user=a@b # x",
            "ttl: 30 # seconds",
        ] {
            assert_eq!(prompt(line), None, "{line}");
        }
    }

    #[test]
    fn reads_rulers() {
        assert_eq!(ruler("=== df -h ==="), Some("df -h"));
        assert_eq!(ruler("##### uptime"), Some("uptime"));
        assert_eq!(ruler("==> /var/log/x <=="), Some("/var/log/x"));
        assert_eq!(ruler("+----+---+"), None);
        assert_eq!(ruler("--------"), None);
        assert_eq!(ruler("# comment"), None);
    }
}
