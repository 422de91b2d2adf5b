//! The same input gives the same result, whatever the order and the number of threads.

use super::*;
use proptest::prelude::*;

fn bundle(dir: &Path, sizes: &[usize]) {
    for (n, size) in sizes.iter().enumerate() {
        let text = log(*size);
        let (name, bytes) = match n % 6 {
            0 => (format!("{n}.log"), text),
            1 => (format!("{n}.log.gz"), gz(&text)),
            2 => (format!("{n}.tgz"), gz(&tar(&[("a", &text), ("b.gz", &gz(&text)), ("a", b"again")]))),
            3 => (format!("{n}.zip"), zip_of(&[("a", &text), ("t.tar", &tar(&[("a", &text)]))])),
            4 => (format!("{n}.cut.gz"), {
                let p = gz(&text);
                p[..p.len() / 2].to_vec()
            }),
            _ => (format!("{n}.zst"), zst(&text)),
        };
        fs::write(dir.join(name), bytes).unwrap();
    }
}

/// Large enough to be unpacked on a thread of its own, and with every way of ending early.
#[test]
fn a_thread_for_unpacking_changes_nothing() {
    let mut seed = 7u64;
    let mut noise = |n: usize| -> Vec<u8> {
        let step = |_| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 56) as u8
        };
        (0..n).map(step).collect()
    };
    let zeros = vec![0; 120 << 20];
    let files = [("a", &noise(1 << 20)[..]), ("bomb", &zeros), ("c", &noise(1 << 20)), ("d.log", &log(30_000))];
    let whole_tar = gz(&tar(&files));
    let dir = tempfile::tempdir().unwrap();
    let mut damaged = whole_tar.clone();
    damaged[1 << 20..][..100].fill(0);
    for (name, bytes) in
        [("whole", &whole_tar[..]), ("cut", &whole_tar[..whole_tar.len() - 100_000]), ("damaged", &damaged)]
    {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        for limits in ["ratio=60", "ratio=200", "total=100M", "member=1000", "entries=2"] {
            let mut set = Limits::default();
            set.set(limits).unwrap();
            let one = read_with(&path, &set);
            let two = read_all(std::slice::from_ref(&path), &set, 2, &whole).unwrap();
            assert!(one == two, "{name} {limits}");
            // A reader that turns away early.
            let glance = |_: &Entry, stream: &mut dyn BufRead| stream.fill_buf().unwrap().len();
            let one = read_all(std::slice::from_ref(&path), &set, 1, &glance).unwrap();
            assert_eq!(one, read_all(std::slice::from_ref(&path), &set, 2, &glance).unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn threads_and_order_change_nothing(sizes in prop::collection::vec(0usize..3000, 1..20), seed in any::<u64>()) {
        let dir = tempfile::tempdir().unwrap();
        bundle(dir.path(), &sizes);
        let limits = Limits { member: 100_000, grace: 10_000, ratio: 3, entries: 30, ..Limits::default() };
        let one = read_with(dir.path(), &limits);
        for threads in [2, 3, 8] {
            let many = read_all(&[dir.path().into()], &limits, threads, &whole).unwrap();
            prop_assert!(many == one);
        }
        let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let (rotate, n) = (seed as usize % files.len(), files.len());
        files.rotate_left(rotate);
        files.swap(0, n / 2);
        let shuffled = read_all(&files, &limits, 2, &whole).unwrap();
        prop_assert!(shuffled == one);
    }
}
