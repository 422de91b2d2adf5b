//! Numbers over time: a sample is an average over its span, never a point.

use super::{Micros, Written, Zone};
use std::sync::Arc;

macro_rules! metrics {
    ($($name:ident $id:literal $unit:literal $doc:literal),* $(,)?) => {
        /// What is measured. The table below is all there is to know of a metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric { $(#[doc = $doc] $name),* }
        impl Metric {
            pub const ALL: &'static [Metric] = &[$(Metric::$name),*];
            /// Stable name, as printed by `pgautopsy list metrics`.
            pub fn id(self) -> &'static str { match self { $(Metric::$name => $id),* } }
            pub fn unit(self) -> &'static str { match self { $(Metric::$name => $unit),* } }
            pub fn doc(self) -> &'static str { match self { $(Metric::$name => $doc),* } }
        }
    };
}

metrics! {
    CpuUser "cpu.user" "%" "CPU time in user space, all CPUs",
    CpuSystem "cpu.system" "%" "CPU time in the kernel, all CPUs",
    CpuIowait "cpu.iowait" "%" "idle time with I/O outstanding, all CPUs",
    CpuSteal "cpu.steal" "%" "time the hypervisor gave to others, all CPUs",
    CpuIdle "cpu.idle" "%" "idle time, all CPUs",
    RunQueue "load.runq" "tasks" "tasks waiting for a CPU",
    Blocked "load.blocked" "tasks" "tasks blocked on I/O",
    Load1 "load.1" "" "load average over one minute",
    DiskAwait "disk.await" "ms" "mean time of a request, queue included, per device",
    DiskUtil "disk.util" "%" "share of time the device had work, per device",
    DiskQueue "disk.queue" "requests" "mean queue length, per device",
    DiskTps "disk.tps" "1/s" "requests per second, per device",
    DiskWrite "disk.write" "kB/s" "written per second, per device",
    DiskRead "disk.read" "kB/s" "read per second, per device",
    FsUsed "fs.used" "%" "space used, per mount point or file system",
    FsInodesUsed "fs.inodes" "%" "inodes used, per mount point or file system",
    MemUsed "mem.used" "%" "memory used as sysstat counts it",
    MemAvailable "mem.available" "kB" "memory available without swapping",
    SwapUsed "swap.used" "%" "swap space used",
    SwapIn "swap.in" "pages/s" "pages swapped in per second",
    SwapOut "swap.out" "pages/s" "pages swapped out per second",
    MajorFaults "paging.majflt" "1/s" "major page faults per second",
    NetErrors "net.errors" "1/s" "receive and transmit errors and drops, per interface",
    TcpRetrans "tcp.retrans" "1/s" "TCP segments sent again per second",
    PsiCpu "psi.cpu" "%" "share of time some task waited for a CPU",
    PsiIo "psi.io" "%" "share of time some task waited for I/O",
    PsiIoFull "psi.io_full" "%" "share of time all tasks waited for I/O",
    PsiMemory "psi.mem" "%" "share of time some task waited for memory",
}

impl Metric {
    /// Is it the state at the end of an interval, not a mean over it?
    pub fn is_state(self) -> bool {
        use Metric::{Blocked, FsInodesUsed, FsUsed, MemAvailable, MemUsed, RunQueue, SwapUsed};
        matches!(self, RunQueue | Blocked | FsUsed | FsInodesUsed | MemUsed | MemAvailable | SwapUsed)
    }
}

/// One average. `from` and `to` are on the clock of the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub from: Micros,
    pub to: Micros,
    pub value: f32,
    /// Where it stands in a text; 0 in binary files.
    pub line: u32,
}

/// A metric of one item (device, mount point, interface) in one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct RawSeries {
    pub metric: Metric,
    pub item: Option<Arc<str>>,
    pub zone: Zone,
    pub written: Written,
    /// Line (text) or record (binary) of the first sample.
    pub line: u32,
    /// In file order; `from` of a first sample without a known start equals its `to`.
    pub samples: Vec<Sample>,
}
