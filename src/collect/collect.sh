#!/bin/sh
# Collects what is needed to tell why a Patroni/PostgreSQL/etcd cluster failed over, on this host, into one archive.
# Written by pgautopsy @VERSION@; read it before you run it. It only reads, changes nothing, and sends nothing anywhere.
#   Window    @SINCE@ to @UNTIL@ (UTC)
@HOSTS@
#   Run it    sh collect.sh            as root or as a user who may read the logs; the last line names the archive
# Environment, all optional:
#   PGAUTOPSY_OUT    folder for the archive (default: the current one)
#   PGAUTOPSY_ROOT   the root of a mounted disk, for a host that is down (then no command is run)
#   PGAUTOPSY_HOST   name of the host (default: uname -n)
#   PATRONICTL_CONFIG_FILE, ETCDCTL_*   as patronictl and etcdctl know them
set -u
umask 077
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

since=@SINCE_EPOCH@
until=@UNTIL_EPOCH@
root=${PGAUTOPSY_ROOT:-}
out=${PGAUTOPSY_OUT:-.}
host=${PGAUTOPSY_HOST:-$(uname -n)}
host=${host%%.*}
# Larger files are cut to their end: a ticket system would refuse them.
most=200000000

work=$(mktemp -d "${TMPDIR:-/tmp}/pgautopsy.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
dir=$work/$host
mkdir "$dir" || exit 1

limit=
if timeout 5 true 2>/dev/null; then limit='timeout 60'; fi

# missing WHAT WHY: goes into the manifest, so that the reader knows that somebody looked.
missing() {
    printf 'not %s: %s\n' "$1" "$2" >>"$work/missing"
}

# GNU and busybox know -d @N, BSD -r N.
at() {
    date -u -d "@$1" "+$2" 2>/dev/null || date -u -r "$1" "+$2"
}
at_here() {
    date -d "@$1" "+$2" 2>/dev/null || date -r "$1" "+$2"
}

# Secrets become ***: values of keys that are named so, passwords in URLs and SQL, private keys.
mask() {
    awk '
    /-----BEGIN [A-Z ]*PRIVATE KEY-----/ { print "*** private key"; key = 1 }
    key { if (/-----END [A-Z ]*PRIVATE KEY-----/) key = 0; next }
    {
        match($0, /^[ \t]*/); indent = RLENGTH
        # The lines of a secret in a YAML block are dropped.
        if (block >= 0 && (indent > block || $0 ~ /^[ \t]*$/)) next
        block = -1
        line = ""; rest = $0
        while (match(tolower(rest), /[a-z0-9_.-]*(password|passwd|passphrase|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|cipher[_-]pass|auth[_-]pass|authorization|sas_key|md5_hash)[a-z0-9_.-]*["\047]?[ \t]*[:=][ \t]*/)) {
            name = tolower(substr(rest, RSTART, RLENGTH))
            line = line substr(rest, 1, RSTART + RLENGTH - 1); rest = substr(rest, RSTART + RLENGTH)
            if (name ~ /(password_encryption|initial[-_]cluster[-_]token|auth[-_]token)/) continue
            quote = substr(rest, 1, 1)
            if (quote == "\"" || quote == "\047") {
                rest = substr(rest, 2)
                while ((at = index(rest, quote)) > 1 && substr(rest, at - 1, 1) == "\\") rest = substr(rest, at + 1)
                rest = at ? substr(rest, at + 1) : ""
            } else if (rest ~ /^([|>][-+0-9]*)?[ \t]*$/) {
                block = indent; rest = ""
            } else if (name ~ /=[ \t]*$/ || name ~ /["\047][ \t]*:[ \t]*$/) {
                sub(/^[^ \t,;}&]*/, "", rest)
            } else {
                rest = ""
            }
            # Quoted: a bare * would be an alias in YAML.
            line = line "\"***\""
        }
        line = line rest
        # scheme://user:password@host
        while (match(line, /:\/\/[^\/@: \t]*:[^@ \t]*@/)) {
            part = substr(line, RSTART + 3, RLENGTH - 4)
            sub(/:.*/, "", part)
            line = substr(line, 1, RSTART + 2) part "\001" substr(line, RSTART + RLENGTH - 1)
        }
        gsub(/\001/, ":***", line)
        low = tolower(line)
        if (match(low, /password[ \t]+\047/)) line = substr(line, 1, RSTART + RLENGTH - 1) "***\047"
        print line
    }
    BEGIN { block = -1 }'
}

# Lines of the window, by the stamp near the beginning of each; lines without one belong to the line before.
# Stamps are in local time or in UTC, so both windows are taken. Nothing recognised: the whole file.
from_text=$(at "$since" '%Y-%m-%d %H:%M:%S'); from_here=$(at_here "$since" '%Y-%m-%d %H:%M:%S')
to_text=$(at "$until" '%Y-%m-%d %H:%M:%S'); to_here=$(at_here "$until" '%Y-%m-%d %H:%M:%S')
if [ "$(printf '%s\n%s\n' "$from_text" "$from_here" | sort | head -n 1)" = "$from_here" ]; then from_text=$from_here; fi
if [ "$(printf '%s\n%s\n' "$to_text" "$to_here" | sort | tail -n 1)" = "$to_here" ]; then to_text=$to_here; fi
window() {
    awk -v from="$from_text" -v to="$to_text" -v since="$since" -v until="$until" '
    BEGIN { split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", m, " "); for (i in m) month[m[i]] = i; in_it = 1 }
    {
        head = substr($0, 1, 160)
        if (match(head, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][T ][0-9][0-9]:[0-9][0-9]:[0-9][0-9]/)) {
            s = substr(head, RSTART, 19); sub(/T/, " ", s); in_it = (s >= from && s <= to)
        } else if (match(head, /^[A-Z][a-z][a-z] [ 0-3][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]/) && (substr(head, 1, 3) in month)) {
            d = substr(head, 5, 2); sub(/ /, "0", d)
            y = substr(from, 1, 4)
            # The window may reach over New Year.
            if (substr(from, 1, 4) < substr(to, 1, 4) && month[substr(head, 1, 3)] == 1) y = substr(to, 1, 4)
            s = sprintf("%s-%02d-%s %s", y, month[substr(head, 1, 3)], d, substr(head, 8, 8)); in_it = (s >= from && s <= to)
        } else if (match(head, /"ts":[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]/)) {
            s = substr(head, RSTART + 5, 10); in_it = (s + 0 >= since + 0 && s + 0 <= until + 0)
        }
        if (in_it) print
    }'
}

# save NAME: what comes in, masked, if it is anything.
save() {
    mkdir -p "$dir/$(dirname "$1")"
    mask >"$dir/$1"
    if [ ! -s "$dir/$1" ]; then
        rm -f "$dir/$1"
        return 1
    fi
}

# run NAME COMMAND...: its output and its errors, each known by its name.
run() {
    name=$1
    shift
    if [ -n "$root" ]; then return; fi
    if ! command -v "$1" >/dev/null 2>&1; then
        missing "$name" "no command $1 on this host"
        return
    fi
    # shellcheck disable=SC2086  # two words or none
    $limit "$@" </dev/null 2>"$work/error" | save "$name" ||
        missing "$name" "$* said nothing: $(head -n 1 "$work/error" | cut -c 1-200)"
}

# log FOLDER-IN-ARCHIVE FILE: the lines of the window of a plain or packed log that was written to since then.
log() {
    case $2 in
        *.gz) open='gzip -dc' ;;
        *.xz) open='xz -dc' ;;
        *.zst) open='zstd -dc' ;;
        *.bz2) open='bzip2 -dc' ;;
        *) open='cat' ;;
    esac
    if [ ! -r "$2" ]; then
        missing "$1/$(basename "$2")" 'no permission to read it'
        return
    fi
    name=$(basename "$2")
    name=${name%.gz} name=${name%.xz} name=${name%.zst} name=${name%.bz2}
    $open "$2" 2>/dev/null | window | tail -c "$most" | save "$1/$name" || true
}

# logs FOLDER-IN-ARCHIVE FILE...: those that exist and were written to after the window began.
logs() {
    folder=$1
    shift
    for file in "$@"; do
        if [ -f "$file" ] && [ -n "$(find "$file" -prune -newer "$work/since" 2>/dev/null)" ]; then
            log "$folder" "$file"
        fi
    done
}

# config FILE...: whole, masked, under its own path.
config() {
    for file in "$@"; do
        if [ ! -f "$file" ]; then continue; fi
        if [ ! -r "$file" ]; then
            missing "${file#"$root"/}" 'no permission to read it'
            continue
        fi
        name=${file#"$root"}
        name=${name#/}
        save "$name" <"$file" || true
    done
}

touch -t "$(at_here "$since" '%Y%m%d%H%M.%S')" "$work/since"

# ---- who and when: first, for it belongs to the moment of everything else
run commands/date.txt date '+%a %b %e %H:%M:%S %Z %Y'
run commands/uname.txt uname -a
run commands/uptime.txt uptime
run commands/timedatectl.txt timedatectl
run commands/chronyc.txt chronyc -n tracking
run commands/ntpq.txt ntpq -pn

# ---- logs of the window
for unit in patroni etcd haproxy pgbouncer keepalived vip-manager; do
    run "journal/$unit.log" journalctl -u "$unit*" --utc -o short-iso-precise --no-pager --since "@$since" --until "@$until"
done
run journal/postgresql.log journalctl -u 'postgres*' --utc -o short-iso-precise --no-pager --since "@$since" --until "@$until"
run journal/kernel.log journalctl -k --utc -o short-iso-precise --no-pager --since "@$since" --until "@$until"
run journal/system.log journalctl _PID=1 --utc -o short-iso-precise --no-pager --since "@$since" --until "@$until"
run journal/boots.txt journalctl --list-boots --no-pager
logs logs/patroni "$root"/var/log/patroni/* "$root"/var/log/patroni*.log*
logs logs/etcd "$root"/var/log/etcd/* "$root"/var/log/etcd*.log*
logs logs/postgresql "$root"/var/log/postgresql/* "$root"/var/lib/pgsql/*/data/log/* "$root"/var/lib/pgsql/*/data/pg_log/* \
    "$root"/var/lib/postgresql/*/*/log/* "$root"/var/lib/postgresql/*/*/pg_log/* "$root"/pgdata/*/log/*
logs logs/proxy "$root"/var/log/haproxy*.log* "$root"/var/log/pgbouncer/* "$root"/var/log/keepalived*.log*
logs logs/backup "$root"/var/log/pgbackrest/*
logs logs/system "$root"/var/log/messages* "$root"/var/log/syslog* "$root"/var/log/kern.log* "$root"/var/log/cron*

# ---- counters: the days of the window, the day before, and the same day a week earlier to compare with
day=$((since - 86400))
days=$(at_here "$((since - 604800))" '%d %Y%m%d')
while [ "$day" -le "$((until + 86400))" ]; do
    days="$days $(at_here "$day" '%d %Y%m%d')"
    day=$((day + 86400))
done
found=no
for folder in "$root"/var/log/sysstat "$root"/var/log/sa; do
    for name in $days; do
        for file in "$folder/sa$name" "$folder/sa$name".gz "$folder/sa$name".xz "$folder/sa$name".bz2; do
            if [ -r "$file" ] && [ ! -e "$dir/sysstat/${file##*/}" ]; then
                mkdir -p "$dir/sysstat"
                cp -p "$file" "$dir/sysstat/" && found=yes
            fi
        done
    done
done
if [ $found = no ]; then missing 'sysstat/sa*' 'no sa file of these days (is sysstat installed and enabled?)'; fi

# ---- states
run commands/df.txt df -P
run commands/df-inodes.txt df -Pi
run commands/mount.txt mount
run commands/lsblk.txt lsblk -o NAME,MAJ:MIN,KNAME,TYPE,SIZE,ROTA,FSTYPE,MOUNTPOINT
run commands/free.txt free -k
run commands/last.txt last -x -F -n 60
run commands/ps.txt ps -eo pid,ppid,stat,lstart,etime,comm
run commands/sysctl.txt sysctl vm.dirty_ratio vm.dirty_background_ratio vm.overcommit_memory vm.swappiness kernel.panic
for name in pressure/io pressure/cpu pressure/memory meminfo; do
    if [ -z "$root" ] && [ -r "/proc/$name" ]; then save "proc/$name" <"/proc/$name" || true; fi
done
run commands/units.txt systemctl list-units --no-pager --all 'patroni*' 'etcd*' 'postgres*' 'haproxy*' 'pgbouncer*' 'keepalived*'
run commands/patroni-unit.txt systemctl cat --no-pager patroni
run commands/etcd-unit.txt systemctl cat --no-pager etcd

# ---- cluster
run commands/patroni-version.txt patroni --version
run commands/patronictl-list.txt patronictl list
run commands/patronictl-history.txt patronictl history
run commands/patronictl-show-config.yml patronictl show-config
ETCDCTL_API=3
export ETCDCTL_API
run commands/etcd-version.txt etcd --version
run commands/etcdctl-members.txt etcdctl member list -w table
run commands/etcdctl-status.txt etcdctl endpoint status --cluster -w table
run commands/etcdctl-health.txt etcdctl endpoint health --cluster -w table
run commands/etcdctl-alarms.txt etcdctl alarm list
for data in "$root"/var/lib/postgresql/*/* "$root"/var/lib/pgsql/*/data; do
    if [ -f "$data/global/pg_control" ]; then
        name=$(printf '%s' "${data#"$root"/}" | tr / -)
        for tool in pg_controldata /usr/lib/postgresql/*/bin/pg_controldata /usr/pgsql-*/bin/pg_controldata; do
            if [ -z "$root" ] && command -v "$tool" >/dev/null 2>&1; then
                run "commands/pg_controldata-$name.txt" "$tool" "$data"
                break
            fi
        done
    fi
done

# ---- configs, secrets masked
config "$root"/etc/patroni.yml "$root"/etc/patroni.yaml "$root"/etc/patroni/*.y*ml "$root"/etc/default/patroni \
    "$root"/etc/etcd/* "$root"/etc/etcd.conf "$root"/etc/default/etcd "$root"/etc/sysconfig/etcd "$root"/etc/sysstat/sysstat \
    "$root"/etc/haproxy/haproxy.cfg "$root"/etc/keepalived/keepalived.conf "$root"/etc/hosts "$root"/etc/hostname \
    "$root"/etc/timezone "$root"/etc/os-release "$root"/etc/postgresql/*/*/*.conf \
    "$root"/var/lib/postgresql/*/*/postgresql*.conf "$root"/var/lib/postgresql/*/*/patroni.dynamic.json \
    "$root"/var/lib/pgsql/*/data/postgresql*.conf "$root"/var/lib/pgsql/*/data/patroni.dynamic.json

# ---- the manifest: size and POSIX checksum of each file, and what was looked for in vain
{
    printf 'pgautopsy-manifest 1\n'
    printf 'host %s\n' "$host"
    printf 'collected %s\n' "$(date -u '+%Y-%m-%dT%H:%M:%SZ')"
    printf 'zone %s\n' "$(date '+%z')"
    printf 'window %s %s\n' "$(at "$since" '%Y-%m-%dT%H:%M:%SZ')" "$(at "$until" '%Y-%m-%dT%H:%M:%SZ')"
    (cd "$dir" && find . -type f | sort | while IFS= read -r file; do cksum "$file"; done) | sed 's#^\([0-9]* [0-9]*\) \./#file \1 #'
    if [ -f "$work/missing" ]; then cat "$work/missing"; fi
} >"$work/manifest" && mv "$work/manifest" "$dir/pgautopsy-manifest.txt"

archive=$out/pgautopsy-$host-$(date -u '+%Y%m%dT%H%M%SZ').tar.gz
if (cd "$work" && tar cf - "$host") | gzip >"$archive"; then
    printf '%s files, %s looked for in vain (see its pgautopsy-manifest.txt)\n' \
        "$(grep -c '^file ' "$dir/pgautopsy-manifest.txt")" "$(grep -c '^not ' "$dir/pgautopsy-manifest.txt")" >&2
    printf '%s\n' "$archive"
else
    printf 'cannot write %s\n' "$archive" >&2
    exit 1
fi
