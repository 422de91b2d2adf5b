//! A busy primary's log, prefix `%m [%p] %q%u@%d `: connections, statements, autovacuum, checkpoints, errors.

use super::generate::Log;
use std::io;

const TABLES: [&str; 8] =
    ["orders", "order_items", "customers", "sessions", "invoices", "stock_moves", "audit_log", "payments"];
const USERS: [&str; 4] = ["app@shop", "app@shop", "report@dwh", "worker@jobs"];

pub fn write(log: &mut Log<'_>) -> io::Result<()> {
    let mut hour = log.at / 3_600_000_000;
    let mut checkpoint = log.at;
    boot(log)?;
    while !log.full() {
        log.at += 400 + log.dice.roll(2_200);
        if log.at / 3_600_000_000 != hour {
            hour = log.at / 3_600_000_000;
            restart(log)?;
        }
        if log.at > checkpoint + 300_000_000 {
            checkpoint = log.at;
            system(log, "LOG:  checkpoint starting: time")?;
            let (buffers, write) = (log.dice.roll(90_000), 100 + log.dice.roll(160));
            system(
                log,
                &format!(
                    "LOG:  checkpoint complete: wrote {buffers} buffers (3.1%); 0 WAL file(s) added, 0 removed, 12 recycled; write={write}.021 s, sync=0.114 s, total={write}.301 s; sync files=412, longest=0.041 s, average=0.001 s; distance=196608 kB, estimate=201003 kB"
                ),
            )?;
        }
        one(log)?;
    }
    Ok(())
}

fn prefix(log: &Log<'_>, pid: u64) -> String {
    let (clock, micros) = log.clock();
    format!("{clock}.{:03} UTC [{pid}] ", micros / 1_000)
}

fn system(log: &mut Log<'_>, text: &str) -> io::Result<()> {
    let line = format!("{}{text}", prefix(log, 812));
    log.line(&line)
}

fn session(log: &mut Log<'_>, pid: u64, who: &str, text: &str) -> io::Result<()> {
    let line = format!("{}{who} {text}", prefix(log, pid));
    log.line(&line)
}

fn one(log: &mut Log<'_>) -> io::Result<()> {
    let pid = 20_000 + log.dice.roll(400);
    let who = log.dice.of(&USERS);
    let table = log.dice.of(&TABLES);
    let (id, ms) = (log.dice.roll(90_000_000), log.dice.roll(60_000));
    let ms = format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let port = 32_768 + log.dice.roll(28_000);
    match log.dice.roll(1_000) {
        0..=79 => session(
            log,
            pid,
            "[unknown]@[unknown]",
            &format!("LOG:  connection received: host=10.20.{}.{} port={port}", id % 4, id % 250),
        ),
        80..=159 => session(
            log,
            pid,
            who,
            &format!(
                "LOG:  connection authorized: user={} database={} application_name=PostgreSQL JDBC Driver",
                who.split('@').next().unwrap_or(""),
                who.split('@').nth(1).unwrap_or("")
            ),
        ),
        160..=239 => session(
            log,
            pid,
            who,
            &format!(
                "LOG:  disconnection: session time: 0:00:{:02}.{:03} user={} database={} host=10.20.{}.{} port={port}",
                id % 60,
                id % 1_000,
                who.split('@').next().unwrap_or(""),
                who.split('@').nth(1).unwrap_or(""),
                id % 4,
                id % 250
            ),
        ),
        240..=789 => {
            let text = match id % 4 {
                0 => format!("LOG:  duration: {ms} ms  statement: SELECT * FROM {table} WHERE id = {id}"),
                1 => format!(
                    "LOG:  duration: {ms} ms  statement: UPDATE {table} SET touched = now(), state = {} WHERE id = {id}",
                    id % 7
                ),
                2 => format!(
                    "LOG:  duration: {ms} ms  statement: INSERT INTO {table} (id, ref, amount, note) VALUES ({id}, {port}, {ms}, 'n/a')"
                ),
                _ => format!("LOG:  duration: {ms} ms  statement: COMMIT"),
            };
            session(log, pid, who, &text)
        }
        790..=839 => {
            session(
                log,
                pid,
                who,
                &format!("LOG:  duration: {ms} ms  execute S_{}: SELECT t.id, t.ref, c.name", id % 40),
            )?;
            log.line(&format!("\tFROM {table} t JOIN customers c ON c.id = t.customer_id"))?;
            log.line("\tWHERE t.ref = $1 AND t.created_at > $2")?;
            session(log, pid, who, &format!("DETAIL:  parameters: $1 = '{id}', $2 = '2026-11-01 00:00:00+00'"))
        }
        840..=879 => {
            let size = 1_000_000 + id;
            session(
                log,
                pid,
                who,
                &format!("LOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp{pid}.{}\", size {size}", id % 9),
            )?;
            session(
                log,
                pid,
                who,
                &format!("STATEMENT:  SELECT ref, count(*) FROM {table} GROUP BY ref ORDER BY 2 DESC"),
            )
        }
        880..=899 => {
            let p = 30_000 + id % 90;
            let line =
                format!("{}LOG:  automatic vacuum of table \"shop.public.{table}\": index scans: 1", prefix(log, p));
            log.line(&line)?;
            log.line(&format!("\tpages: 0 removed, {} remain, {} scanned (100.00% of total)", id % 9_000, id % 9_000))?;
            log.line(&format!(
                "\ttuples: {} removed, {} remain, 0 are dead but not yet removable",
                id % 3_000,
                id % 800_000
            ))?;
            log.line(&format!("\tremovable cutoff: {id}, which was 12 XIDs old when operation ended"))?;
            log.line(
                "\tindex scan needed: 812 pages from table (8.44% of total) had 9312 dead item identifiers removed",
            )?;
            log.line("\tavg read rate: 11.320 MB/s, avg write rate: 9.113 MB/s")?;
            log.line("\tbuffer usage: 20911 hits, 1830 misses, 1474 dirtied")?;
            log.line("\tWAL usage: 4810 records, 1211 full page images, 4118230 bytes")?;
            log.line("\tsystem usage: CPU: user: 0.20 s, system: 0.05 s, elapsed: 1.26 s")
        }
        900..=939 => {
            session(
                log,
                pid,
                who,
                &format!("ERROR:  duplicate key value violates unique constraint \"{table}_pkey\""),
            )?;
            session(log, pid, who, &format!("DETAIL:  Key (id)=({id}) already exists."))?;
            session(
                log,
                pid,
                who,
                &format!("STATEMENT:  INSERT INTO {table} (id, ref, amount, note) VALUES ({id}, {port}, {ms}, 'n/a')"),
            )
        }
        940..=959 => {
            session(log, pid, who, "ERROR:  canceling statement due to statement timeout")?;
            session(log, pid, who, &format!("STATEMENT:  SELECT sum(amount) FROM {table} WHERE ref < {id}"))
        }
        960..=974 => {
            session(
                log,
                pid,
                who,
                &format!(
                    "LOG:  process {pid} still waiting for ShareLock on transaction {id} after 1000.{:03} ms",
                    id % 1_000
                ),
            )?;
            session(log, pid, who, &format!("DETAIL:  Process holding the lock: {}. Wait queue: {pid}.", pid + 1))?;
            session(log, pid, who, &format!("STATEMENT:  UPDATE {table} SET state = 2 WHERE id = {id}"))
        }
        975..=984 => session(
            log,
            pid,
            who,
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        ),
        985..=989 => {
            system(log, "LOG:  archive command failed with exit code 1")?;
            system(
                log,
                &format!(
                    "DETAIL:  The failed archive command was: pgbackrest --stanza=shop archive-push pg_wal/00000001000000{:02X}000000{:02X}",
                    id % 256,
                    port % 256
                ),
            )
        }
        _ => session(log, pid, who, "LOG:  could not receive data from client: Connection reset by peer"),
    }
}

fn boot(log: &mut Log<'_>) -> io::Result<()> {
    for text in [
        "LOG:  starting PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc (GCC) 11.4.1, 64-bit",
        "LOG:  listening on IPv4 address \"10.20.0.11\", port 5432",
        "LOG:  listening on Unix socket \"/var/run/postgresql/.s.PGSQL.5432\"",
        "LOG:  database system was shut down at 2026-10-31 23:59:50 UTC",
        "LOG:  database system is ready to accept connections",
    ] {
        system(log, text)?;
    }
    Ok(())
}

/// One fast stop and start an hour.
fn restart(log: &mut Log<'_>) -> io::Result<()> {
    system(log, "LOG:  received fast shutdown request")?;
    system(log, "LOG:  aborting any active transactions")?;
    for n in 0..20 {
        session(log, 20_000 + n, "app@shop", "FATAL:  terminating connection due to administrator command")?;
    }
    system(log, "LOG:  shutting down")?;
    log.at += 1_800_000;
    system(log, "LOG:  database system is shut down")?;
    log.at += 2_000_000;
    boot(log)
}
