//! Messages of the Linux kernel, 2.6.32 (RHEL 6) to 6.x.
//!
//! `OomKill`: `num` is the process id, `who` the process name; the reason is `Cgroup` for a memory cgroup's limit,
//! `NoMemory` for the whole host, unsaid where the line does not tell (the second line of kernels before 4.19).

use super::{Message, m, noise};
use crate::model::What;

pub static MESSAGES: &[Message] = &[
    // ---- memory (mm/oom_kill.c, mm/memcontrol.c)
    m(What::OomKill, "Memory cgroup out of memory: Killed process {num} ({who}){=Cgroup}", "Memory cgroup out of memory: Killed process 23417 (postgres) total-vm:335304kB, anon-rss:110432kB, file-rss:62240kB, shmem-rss:2676kB, UID:101 pgtables:568kB oom_score_adj:0", "mm/oom_kill.c, 4.19+"),
    m(What::OomKill, "Memory cgroup out of memory: Kill process {num} ({who}){=Cgroup}", "Memory cgroup out of memory: Kill process 23316 (postgres) score 1033 or sacrifice child", "mm/oom_kill.c, before 4.19"),
    m(What::OomKill, "Out of memory: Killed process {num} ({who}){=NoMemory}", "Out of memory: Killed process 77 (postgres) total-vm:8221844kB, anon-rss:1195384kB, file-rss:19160kB, shmem-rss:112164kB", "mm/oom_kill.c, 4.19+"),
    m(What::OomKill, "Out of memory: Kill process {num} ({who}){=NoMemory}", "Out of memory: Kill process 23316 (postgres) score 933 or sacrifice child", "mm/oom_kill.c, before 4.19"),
    m(What::OomKill, "Out of memory (oom_kill_allocating_task): Killed process {num} ({who}){=NoMemory}", "Out of memory (oom_kill_allocating_task): Killed process 77 (postgres) total-vm:8221844kB", "mm/oom_kill.c"),
    m(What::OomKill, "Killed process {num} ({who})", "Killed process 23316 (postgres), UID 101, total-vm:8221844kB, anon-rss:1195384kB, file-rss:19160kB, shmem-rss:112164kB", "mm/oom_kill.c, before 4.19: the victim, after the line that says why"),
    m(What::OomInvoked, "{who} invoked oom-killer: ", "postgres invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=993", "mm/oom_kill.c"),
    m(What::OomInvoked, "oom-kill:constraint=CONSTRAINT_MEMCG,{},task={who},pid={num},{=Cgroup}", "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/lab_pg,task_memcg=/lab_pg,task=postgres,pid=23417,uid=101", "mm/oom_kill.c, 4.19+"),
    m(What::OomInvoked, "oom-kill:constraint={},task={who},pid={num},{=NoMemory}", "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/postgresql.service,task=postgres,pid=23417,uid=26", "mm/oom_kill.c, 4.19+"),
    m(What::OomInvoked, "Task in {} killed as a result of limit of {who}{=Cgroup}", "Task in /kubepods.slice/pod7eab2e7a.slice/docker-df58adbf2148.scope killed as a result of limit of /kubepods.slice/pod7eab2e7a.slice", "mm/memcontrol.c, before 4.19"),
    noise("oom_reaper: reaped process ", "oom_reaper: reaped process 23417 (postgres), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB", "mm/oom_kill.c"),
    noise("Tasks state (memory values in pages):", "Tasks state (memory values in pages):", "mm/oom_kill.c"),
    noise("memory: usage ", "memory: usage 204800kB, limit 204800kB, failcnt 27", "mm/memcontrol.c"),
    noise("[  pid  ]", "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name", "mm/oom_kill.c"),
    noise("[<{}>] ", "[<1fa5ff437a5f855a>] oom_kill_process+0x2cd/0x490", "stack"),
    // ---- block devices (block/blk-core.c, fs/buffer.c, drivers/scsi, drivers/nvme, drivers/md)
    m(What::BlockIoError, "I/O error, dev {who}, sector ", "I/O error, dev sdb, sector 2064 op 0x1:(WRITE) flags 0x103000 phys_seg 6 prio class 2", "block/blk-core.c, 6.x"),
    m(What::BlockIoError, "blk_update_request: I/O error, dev {who}, sector ", "blk_update_request: I/O error, dev sdb, sector 2064", "block/blk-core.c, 3.x-5.x"),
    m(What::BlockIoError, "end_request: I/O error, dev {who}, sector ", "end_request: I/O error, dev sdb, sector 2064", "block/blk-core.c, 2.6"),
    m(What::BlockIoError, "critical space allocation error, dev {who}, sector {=NoSpace}", "critical space allocation error, dev loop9, sector 307712 op 0x1:(WRITE) flags 0x4000 phys_seg 20 prio class 2", "block/blk-core.c; thin pool or file behind a loop device is full"),
    m(What::BlockIoError, "critical {} error, dev {who}, sector ", "critical medium error, dev sda, sector 123456 op 0x0:(READ) flags 0x80700 phys_seg 4 prio class 2", "block/blk-core.c"),
    m(What::BlockIoError, "blk_update_request: critical {} error, dev {who}, sector ", "blk_update_request: critical target error, dev sda, sector 123456", "block/blk-core.c, 3.x-5.x"),
    noise("operation not supported error, dev ", "operation not supported error, dev loop9, sector 1228672 op 0x9:(WRITE_ZEROES) flags 0x20000800 phys_seg 0 prio class 2", "block/blk-core.c: a feature the device lacks"),
    m(What::BlockIoError, "Buffer I/O error on dev {who}, logical block ", "Buffer I/O error on dev sdb, logical block 258, lost async page write", "fs/buffer.c, 4.x+"),
    m(What::BlockIoError, "Buffer I/O error on device {who}, logical block ", "Buffer I/O error on device loop9, logical block 36864", "fs/buffer.c"),
    m(What::BlockIoError, "lost page write due to I/O error on {who}", "lost page write due to I/O error on dm-29", "fs/buffer.c, before 4.x"),
    m(What::HungTask, "INFO: task {who}:{} blocked for more than {s} seconds", "INFO: task dd:30459 blocked for more than 120 seconds.", "kernel/hung_task.c"),
    m(What::FsReadonly, "EXT4-fs ({who}): Remounting filesystem read-only", "EXT4-fs (sdb): Remounting filesystem read-only", "fs/ext4/super.c"),
    m(What::FsError, "EXT4-fs error (device {who}){}: ", "EXT4-fs error (device sdb): ext4_journal_check_start:84: comm postgres: Detected aborted journal", "fs/ext4/super.c"),
    m(What::SoftLockup, "watchdog: BUG: soft lockup - CPU#{} stuck for {dur}! [{who}:", "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [postgres:4242]", "kernel/watchdog.c, 4.15+"),
    m(What::SoftLockup, "NMI watchdog: BUG: soft lockup - CPU#{} stuck for {dur}! [{who}:", "NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [postgres:4242]", "kernel/watchdog.c, 3.10-4.14"),
    m(What::Boot, "Linux version {who} ", "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0)", "init/main.c"),
];
