//! The sysstat reader used alone: `sa2json FILE [text|csv|json]` prints an uncompressed activity file.

use std::io::{self, Write as _};

use pgautopsy::sysstat::{Options, print, read_sa};

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or_else(|| io::Error::other("usage: sa2json FILE [text|csv|json]"))?;
    let data = read_sa(&std::fs::read(file)?, Options::default());
    for problem in &data.problems {
        writeln!(io::stderr(), "{problem:?}")?;
    }
    let mut out = io::stdout().lock();
    match args.next().as_deref() {
        Some("text") => print::text(&[data], &mut out),
        Some("csv") => print::csv(&[data], &mut out),
        _ => print::json(&[data], &mut out),
    }
}
