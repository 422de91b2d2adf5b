//! Network: interfaces, their errors, sockets, IP, ICMP, TCP, UDP, NFS, Fibre Channel.

use super::Kind::{I, L, Q, S};
use super::{Activity, Key, Layout, calc, gauge, json, old, rate, run, single};
use crate::sysstat::binary::item::{Item, Pair};
use crate::sysstat::model::Version;

// Fields of an interface: rx_packets tx_packets rx_bytes tx_bytes rx_compressed tx_compressed multicast | speed | name duplex
const RX_BYTES: usize = 2;
const TX_BYTES: usize = 3;
const SPEED: usize = 7;
const DEV_NAME: usize = 8;
const DUPLEX: usize = 9;

pub(crate) static DEV: Activity = Activity {
    id: 12,
    name: "net-dev",
    item: Some("IFACE"),
    columns: &[
        rate("rxpck/s", "rxpck", 0),
        rate("txpck/s", "txpck", 1),
        calc("rxkB/s", "rxkB", 2, |p| p.rate(RX_BYTES) / 1024.0),
        calc("txkB/s", "txkB", 2, |p| p.rate(TX_BYTES) / 1024.0),
        rate("rxcmp/s", "rxcmp", 4),
        rate("txcmp/s", "txcmp", 5),
        rate("rxmcst/s", "rxmcst", 6),
        calc("%ifutil", "ifutil-percent", 2, utilisation),
    ],
    json: json(Some("network"), "net-dev", Some("iface")),
    layout: Some(&DEV_LAYOUT),
};

static DEV_LAYOUT: Layout = Layout {
    counts: [7, 0, 1],
    chars: &[16, 1],
    old: &[
        old(72, &[run(0, 7, 0, 8, L), run(DEV_NAME, 1, 56, 0, S(16))]),
        old(128, &[run(0, 7, 0, 16, Q), run(DEV_NAME, 1, 112, 0, S(16))]),
        old(
            144,
            &[
                run(0, 7, 0, 16, Q),
                run(SPEED, 1, 112, 0, I),
                run(DEV_NAME, 1, 116, 0, S(16)),
                run(DUPLEX, 1, 132, 0, S(1)),
            ],
        ),
    ],
    key: Key::Name(DEV_NAME),
    used: None,
    renewed: Some(dev_renewed),
};

/// Full duplex (2) is limited by the busier direction, half duplex by the sum; speed in Mbit/s, 0 if unknown.
fn utilisation(p: &Pair<'_>) -> f64 {
    let mut speed = p.now(SPEED) * 1_000_000.0;
    if speed == 0.0 {
        return 0.0;
    }
    if p.like_sysstat && p.version <= Version(11, 1, 2) {
        // They multiplied in 32 bits, so all above 4.29 Gbit/s came out wrong.
        speed %= 4_294_967_296.0;
    }
    let (rx, tx) = (p.rate(RX_BYTES), p.rate(TX_BYTES));
    let bytes = if p.cur.byte(DUPLEX) == Some(2) { rx.max(tx) } else { rx + tx };
    bytes * 800.0 / speed
}

/// Any counter that went back means a new interface of the same name, unless a 64-bit counter simply wrapped.
fn dev_renewed(old: &Item<'_, '_>, new: &Item<'_, '_>, _: Version) -> bool {
    (0..7).any(|f| match (old.get(f), new.get(f)) {
        (Some(before), Some(now)) => now < before && !(f < 4 && before > u64::MAX / 2),
        _ => false,
    })
}

// Fields: collisions rx_errors tx_errors rx_dropped tx_dropped rx_fifo tx_fifo rx_frame tx_carrier | name
pub(crate) static EDEV: Activity = Activity {
    id: 13,
    name: "net-edev",
    item: Some("IFACE"),
    columns: &[
        rate("rxerr/s", "rxerr", 1),
        rate("txerr/s", "txerr", 2),
        rate("coll/s", "coll", 0),
        rate("rxdrop/s", "rxdrop", 3),
        rate("txdrop/s", "txdrop", 4),
        rate("txcarr/s", "txcarr", 8),
        rate("rxfram/s", "rxfram", 7),
        rate("rxfifo/s", "rxfifo", 5),
        rate("txfifo/s", "txfifo", 6),
    ],
    json: json(Some("network"), "net-edev", Some("iface")),
    layout: Some(&EDEV_LAYOUT),
};

static EDEV_LAYOUT: Layout = Layout {
    counts: [9, 0, 0],
    chars: &[16],
    old: &[
        old(88, &[run(0, 9, 0, 8, L), run(9, 1, 72, 0, S(16))]),
        old(160, &[run(0, 9, 0, 16, Q), run(9, 1, 144, 0, S(16))]),
    ],
    key: Key::Name(9),
    used: None,
    renewed: Some(edev_renewed),
};

/// As for interfaces; sysstat leaves rx_errors (field 1) out of the test.
fn edev_renewed(old: &Item<'_, '_>, new: &Item<'_, '_>, _: Version) -> bool {
    (0..9).any(|f| f != 1 && new.get(f) < old.get(f))
}

pub(crate) static NFS: Activity = Activity {
    id: 14,
    name: "net-nfs",
    item: None,
    columns: &[
        rate("call/s", "call", 0),
        rate("retrans/s", "retrans", 1),
        rate("read/s", "read", 2),
        rate("write/s", "write", 3),
        rate("access/s", "access", 4),
        rate("getatt/s", "getatt", 5),
    ],
    json: json(Some("network"), "net-nfs", None),
    layout: Some(&NFS_LAYOUT),
};

static NFS_LAYOUT: Layout = single([0, 0, 6], &[old(24, &[run(0, 6, 0, 4, I)])]);

pub(crate) static NFSD: Activity = Activity {
    id: 15,
    name: "net-nfsd",
    item: None,
    columns: &[
        rate("scall/s", "scall", 0),
        rate("badcall/s", "badcall", 1),
        rate("packet/s", "packet", 2),
        rate("udp/s", "udp", 3),
        rate("tcp/s", "tcp", 4),
        rate("hit/s", "hit", 5),
        rate("miss/s", "miss", 6),
        rate("sread/s", "sread", 7),
        rate("swrite/s", "swrite", 8),
        rate("saccess/s", "saccess", 9),
        rate("sgetatt/s", "sgetatt", 10),
    ],
    json: json(Some("network"), "net-nfsd", None),
    layout: Some(&NFSD_LAYOUT),
};

static NFSD_LAYOUT: Layout = single([0, 0, 11], &[old(44, &[run(0, 11, 0, 4, I)])]);

pub(crate) static SOCK: Activity = Activity {
    id: 16,
    name: "net-sock",
    item: None,
    columns: &[
        gauge("totsck", "totsck", 0),
        gauge("tcpsck", "tcpsck", 1),
        gauge("udpsck", "udpsck", 3),
        gauge("rawsck", "rawsck", 4),
        gauge("ip-frag", "ip-frag", 5),
        gauge("tcp-tw", "tcp-tw", 2),
    ],
    json: json(Some("network"), "net-sock", None),
    layout: Some(&SOCK_LAYOUT),
};

static SOCK_LAYOUT: Layout =
    single([0, 0, 6], &[old(20, &[run(0, 2, 0, 4, I), run(3, 3, 8, 4, I)]), old(24, &[run(0, 6, 0, 4, I)])]);

pub(crate) static IP: Activity = Activity {
    id: 17,
    name: "net-ip",
    item: None,
    columns: &[
        rate("irec/s", "irec", 0),
        rate("fwddgm/s", "fwddgm", 1),
        rate("idel/s", "idel", 2),
        rate("orq/s", "orq", 3),
        rate("asmrq/s", "asmrq", 4),
        rate("asmok/s", "asmok", 5),
        rate("fragok/s", "fragok", 6),
        rate("fragcrt/s", "fragcrt", 7),
    ],
    json: json(Some("network"), "net-ip", None),
    layout: Some(&IP_LAYOUT),
};

static IP_LAYOUT: Layout = single([8, 0, 0], &[old(64, &[run(0, 8, 0, 8, L)]), old(128, &[run(0, 8, 0, 16, Q)])]);

pub(crate) static EIP: Activity = Activity {
    id: 18,
    name: "net-eip",
    item: None,
    columns: &[
        rate("ihdrerr/s", "ihdrerr", 0),
        rate("iadrerr/s", "iadrerr", 1),
        rate("iukwnpr/s", "iukwnpr", 2),
        rate("idisc/s", "idisc", 3),
        rate("odisc/s", "odisc", 4),
        rate("onort/s", "onort", 5),
        rate("asmf/s", "asmf", 6),
        rate("fragf/s", "fragf", 7),
    ],
    json: json(Some("network"), "net-eip", None),
    layout: Some(&EIP_LAYOUT),
};

static EIP_LAYOUT: Layout = single([8, 0, 0], &[old(64, &[run(0, 8, 0, 8, L)]), old(128, &[run(0, 8, 0, 16, Q)])]);

pub(crate) static ICMP: Activity = Activity {
    id: 19,
    name: "net-icmp",
    item: None,
    columns: &[
        rate("imsg/s", "imsg", 0),
        rate("omsg/s", "omsg", 1),
        rate("iech/s", "iech", 2),
        rate("iechr/s", "iechr", 3),
        rate("oech/s", "oech", 4),
        rate("oechr/s", "oechr", 5),
        rate("itm/s", "itm", 6),
        rate("itmr/s", "itmr", 7),
        rate("otm/s", "otm", 8),
        rate("otmr/s", "otmr", 9),
        rate("iadrmk/s", "iadrmk", 10),
        rate("iadrmkr/s", "iadrmkr", 11),
        rate("oadrmk/s", "oadrmk", 12),
        rate("oadrmkr/s", "oadrmkr", 13),
    ],
    json: json(Some("network"), "net-icmp", None),
    layout: Some(&ICMP_LAYOUT),
};

static ICMP_LAYOUT: Layout = single([0, 14, 0], &[old(112, &[run(0, 14, 0, 8, L)])]);

pub(crate) static EICMP: Activity = Activity {
    id: 20,
    name: "net-eicmp",
    item: None,
    columns: &[
        rate("ierr/s", "ierr", 0),
        rate("oerr/s", "oerr", 1),
        rate("idstunr/s", "idstunr", 2),
        rate("odstunr/s", "odstunr", 3),
        rate("itmex/s", "itmex", 4),
        rate("otmex/s", "otmex", 5),
        rate("iparmpb/s", "iparmpb", 6),
        rate("oparmpb/s", "oparmpb", 7),
        rate("isrcq/s", "isrcq", 8),
        rate("osrcq/s", "osrcq", 9),
        rate("iredir/s", "iredir", 10),
        rate("oredir/s", "oredir", 11),
    ],
    json: json(Some("network"), "net-eicmp", None),
    layout: Some(&EICMP_LAYOUT),
};

static EICMP_LAYOUT: Layout = single([0, 12, 0], &[old(96, &[run(0, 12, 0, 8, L)])]);

pub(crate) static TCP: Activity = Activity {
    id: 21,
    name: "net-tcp",
    item: None,
    columns: &[
        rate("active/s", "active", 0),
        rate("passive/s", "passive", 1),
        rate("iseg/s", "iseg", 2),
        rate("oseg/s", "oseg", 3),
    ],
    json: json(Some("network"), "net-tcp", None),
    layout: Some(&TCP_LAYOUT),
};

static TCP_LAYOUT: Layout = single([0, 4, 0], &[old(32, &[run(0, 4, 0, 8, L)])]);

pub(crate) static ETCP: Activity = Activity {
    id: 22,
    name: "net-etcp",
    item: None,
    columns: &[
        rate("atmptf/s", "atmptf", 0),
        rate("estres/s", "estres", 1),
        rate("retrseg/s", "retrseg", 2),
        rate("isegerr/s", "isegerr", 3),
        rate("orsts/s", "orsts", 4),
    ],
    json: json(Some("network"), "net-etcp", None),
    layout: Some(&ETCP_LAYOUT),
};

static ETCP_LAYOUT: Layout = single([0, 5, 0], &[old(40, &[run(0, 5, 0, 8, L)])]);

pub(crate) static UDP: Activity = Activity {
    id: 23,
    name: "net-udp",
    item: None,
    columns: &[
        rate("idgm/s", "idgm", 0),
        rate("odgm/s", "odgm", 1),
        rate("noport/s", "noport", 2),
        rate("idgmerr/s", "idgmerr", 3),
    ],
    json: json(Some("network"), "net-udp", None),
    layout: Some(&UDP_LAYOUT),
};

static UDP_LAYOUT: Layout = single([0, 4, 0], &[old(32, &[run(0, 4, 0, 8, L)])]);

pub(crate) static SOCK6: Activity = Activity {
    id: 24,
    name: "net-sock6",
    item: None,
    columns: &[
        gauge("tcp6sck", "tcp6sck", 0),
        gauge("udp6sck", "udp6sck", 1),
        gauge("raw6sck", "raw6sck", 2),
        gauge("ip6-frag", "ip6-frag", 3),
    ],
    json: json(Some("network"), "net-sock6", None),
    layout: Some(&SOCK6_LAYOUT),
};

static SOCK6_LAYOUT: Layout = single([0, 0, 4], &[old(16, &[run(0, 4, 0, 4, I)])]);

pub(crate) static IP6: Activity = Activity {
    id: 25,
    name: "net-ip6",
    item: None,
    columns: &[
        rate("irec6/s", "irec6", 0),
        rate("fwddgm6/s", "fwddgm6", 1),
        rate("idel6/s", "idel6", 2),
        rate("orq6/s", "orq6", 3),
        rate("asmrq6/s", "asmrq6", 4),
        rate("asmok6/s", "asmok6", 5),
        rate("imcpck6/s", "imcpck6", 6),
        rate("omcpck6/s", "omcpck6", 7),
        rate("fragok6/s", "fragok6", 8),
        rate("fragcr6/s", "fragcr6", 9),
    ],
    json: json(Some("network"), "net-ip6", None),
    layout: Some(&IP6_LAYOUT),
};

static IP6_LAYOUT: Layout = single([10, 0, 0], &[old(80, &[run(0, 10, 0, 8, L)]), old(160, &[run(0, 10, 0, 16, Q)])]);

pub(crate) static EIP6: Activity = Activity {
    id: 26,
    name: "net-eip6",
    item: None,
    columns: &[
        rate("ihdrer6/s", "ihdrer6", 0),
        rate("iadrer6/s", "iadrer6", 1),
        rate("iukwnp6/s", "iukwnp6", 2),
        rate("i2big6/s", "i2big6", 3),
        rate("idisc6/s", "idisc6", 4),
        rate("odisc6/s", "odisc6", 5),
        rate("inort6/s", "inort6", 6),
        rate("onort6/s", "onort6", 7),
        rate("asmf6/s", "asmf6", 8),
        rate("fragf6/s", "fragf6", 9),
        rate("itrpck6/s", "itrpck6", 10),
    ],
    json: json(Some("network"), "net-eip6", None),
    layout: Some(&EIP6_LAYOUT),
};

static EIP6_LAYOUT: Layout = single([11, 0, 0], &[old(88, &[run(0, 11, 0, 8, L)]), old(176, &[run(0, 11, 0, 16, Q)])]);

pub(crate) static ICMP6: Activity = Activity {
    id: 27,
    name: "net-icmp6",
    item: None,
    columns: &[
        rate("imsg6/s", "imsg6", 0),
        rate("omsg6/s", "omsg6", 1),
        rate("iech6/s", "iech6", 2),
        rate("iechr6/s", "iechr6", 3),
        rate("oechr6/s", "oechr6", 4),
        rate("igmbq6/s", "igmbq6", 5),
        rate("igmbr6/s", "igmbr6", 6),
        rate("ogmbr6/s", "ogmbr6", 7),
        rate("igmbrd6/s", "igmbrd6", 8),
        rate("ogmbrd6/s", "ogmbrd6", 9),
        rate("irtsol6/s", "irtsol6", 10),
        rate("ortsol6/s", "ortsol6", 11),
        rate("irtad6/s", "irtad6", 12),
        rate("inbsol6/s", "inbsol6", 13),
        rate("onbsol6/s", "onbsol6", 14),
        rate("inbad6/s", "inbad6", 15),
        rate("onbad6/s", "onbad6", 16),
    ],
    json: json(Some("network"), "net-icmp6", None),
    layout: Some(&ICMP6_LAYOUT),
};

static ICMP6_LAYOUT: Layout = single([0, 17, 0], &[old(136, &[run(0, 17, 0, 8, L)])]);

pub(crate) static EICMP6: Activity = Activity {
    id: 28,
    name: "net-eicmp6",
    item: None,
    columns: &[
        rate("ierr6/s", "ierr6", 0),
        rate("idtunr6/s", "idtunr6", 1),
        rate("odtunr6/s", "odtunr6", 2),
        rate("itmex6/s", "itmex6", 3),
        rate("otmex6/s", "otmex6", 4),
        rate("iprmpb6/s", "iprmpb6", 5),
        rate("oprmpb6/s", "oprmpb6", 6),
        rate("iredir6/s", "iredir6", 7),
        rate("oredir6/s", "oredir6", 8),
        rate("ipck2b6/s", "ipck2b6", 9),
        rate("opck2b6/s", "opck2b6", 10),
    ],
    json: json(Some("network"), "net-eicmp6", None),
    layout: Some(&EICMP6_LAYOUT),
};

static EICMP6_LAYOUT: Layout = single([0, 11, 0], &[old(88, &[run(0, 11, 0, 8, L)])]);

pub(crate) static UDP6: Activity = Activity {
    id: 29,
    name: "net-udp6",
    item: None,
    columns: &[
        rate("idgm6/s", "idgm6", 0),
        rate("odgm6/s", "odgm6", 1),
        rate("noport6/s", "noport6", 2),
        rate("idgmer6/s", "idgmer6", 3),
    ],
    json: json(Some("network"), "net-udp6", None),
    layout: Some(&UDP6_LAYOUT),
};

static UDP6_LAYOUT: Layout = single([0, 4, 0], &[old(32, &[run(0, 4, 0, 8, L)])]);

pub(crate) static FC: Activity = Activity {
    id: 38,
    name: "fchost",
    item: Some("FCHOST"),
    columns: &[
        rate("fch_rxf/s", "fch_rxf", 0),
        rate("fch_txf/s", "fch_txf", 1),
        rate("fch_rxw/s", "fch_rxw", 2),
        rate("fch_txw/s", "fch_txw", 3),
    ],
    json: json(Some("network"), "fchosts", Some("fchost")),
    layout: Some(&FC_LAYOUT),
};

static FC_LAYOUT: Layout = Layout {
    counts: [0, 4, 0],
    chars: &[16],
    old: &[old(48, &[run(0, 4, 0, 8, L), run(4, 1, 32, 0, S(16))])],
    key: Key::Name(4),
    used: None,
    renewed: None,
};
