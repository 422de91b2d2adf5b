//! `pgautopsy redact`: a copy of a bundle under pseudonyms.
#![allow(clippy::print_stderr)]

use super::RedactArgs;
use super::output::print;
use crate::{Failure, NOTHING};
use pgautopsy::run;

pub fn redact_copy(args: RedactArgs) -> Result<u8, Failure> {
    let to = &args.output;
    let shown = to.display();
    if std::fs::read_dir(to).is_ok_and(|mut d| d.next().is_some()) {
        return Err(Failure::usage(format!("-o {shown}: the folder is not empty")));
    }
    let settings = args.reading.settings().map_err(Failure::usage)?;
    let (redactor, copied) = run::redact(&args.paths, to, &settings).map_err(|e| Failure::usage(e.to_string()))?;
    for (path, why) in &copied.left_out {
        eprintln!("pgautopsy: not copied: {path}: {why}");
    }
    for (path, why) in &copied.cut {
        eprintln!("pgautopsy: not all of it copied: {path}: {why}");
    }
    // Beside the copy, not in it: it holds the originals.
    let list = to.with_file_name(format!("{}-replaced.tsv", to.file_name().unwrap_or_default().to_string_lossy()));
    std::fs::write(&list, redactor.table()).map_err(|e| Failure::usage(format!("{}: {e}", list.display())))?;
    print(&format!(
        "{shown}: {} files copied, {} left out\n{}: {} replacements; keep this list, it holds the originals\n",
        copied.files.len(),
        copied.left_out.len(),
        list.display(),
        redactor.list().len()
    ))?;
    Ok(if copied.files.is_empty() { NOTHING } else { 0 })
}
