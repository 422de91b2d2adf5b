//! Lines that a terminal, a mail program or a PDF broke at a fixed width, put together again.

/// Fewest lines of full width that show a width.
const LINES_MIN: usize = 4;
/// Widths that terminals and pages have.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=300;

/// The width at which the lines of a text were broken: no line is longer, several are as long, and what follows those
/// does not begin as a log's line does.
pub fn width(lines: &[&[u8]], is_log: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let widest = lines.iter().map(|l| columns(l)).max().filter(|w| WIDTHS.contains(w))?;
    let full: Vec<usize> = (0..lines.len()).filter(|i| lines.get(*i).is_some_and(|l| columns(l) == widest)).collect();
    if full.len() < LINES_MIN {
        return None;
    }
    let goes_on = |i: &&usize| lines.get(**i + 1).is_some_and(|next| !next.is_empty() && !is_log(next));
    let begins = full.iter().filter(|i| lines.get(**i).is_some_and(|l| is_log(l))).count();
    (full.iter().filter(goes_on).count() * 5 >= full.len() * 4 && begins > 0).then_some(widest)
}

/// The text with its lines joined. What a line takes in leaves an empty line, so that numbers of lines hold.
pub fn joined(text: &[u8], width: usize, is_log: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while let Some(line) = lines.get(i) {
        let mut taken = 0;
        let mut last: &[u8] = bare(line);
        out.extend_from_slice(last);
        // A blank at the edge is lost where the line was copied without it.
        while (columns(last) == width || columns(last) + 1 == width)
            && let Some(next) = lines.get(i + taken + 1).map(|l| bare(l)).filter(|l| !l.is_empty() && !is_log(l))
        {
            if columns(last) < width {
                out.push(b' ');
            }
            out.extend_from_slice(next);
            last = next;
            taken += 1;
        }
        out.extend(std::iter::repeat_n(b'\n', taken));
        i += taken + 1;
        if i < lines.len() {
            out.push(b'\n');
        }
    }
    out
}

fn bare(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Characters, as a terminal counts them.
fn columns(line: &[u8]) -> usize {
    bare(line).iter().filter(|b| **b & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_log(line: &[u8]) -> bool {
        line.starts_with(b"2021-")
    }

    fn broken(text: &str, width: usize) -> String {
        text.lines()
            .map(|l| {
                l.as_bytes()
                    .chunks(width)
                    .map(|c| String::from_utf8_lossy(c).into_owned())
                    .collect::<Vec<_>>()
                    .join("\n")
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    const TEXT: &str = "2021-02-01 13:45:04,101 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
2021-02-01 13:45:05,101 INFO: short
2021-02-01 13:45:06,101 ERROR: Request to server http://10.0.0.1:2379 failed: ReadTimeoutError(\"HTTPConnectionPool(host='10.0.0.1', port=2379): Read timed out. (read timeout=3.33)\")
2021-02-01 13:45:07,101 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)
2021-02-01 13:45:08,101 INFO: no action. I am (pg1), a secondary, and following a leader (pg2)";

    #[test]
    fn broken_lines_are_whole_again_and_keep_their_numbers() {
        let text = broken(TEXT, 80);
        let lines: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
        assert_eq!(width(&lines, is_log), Some(80));
        let joined = String::from_utf8(joined(text.as_bytes(), 80, is_log)).unwrap();
        assert_eq!(joined.split('\n').count(), text.split('\n').count());
        assert_eq!(joined.lines().filter(|l| !l.is_empty()).collect::<Vec<_>>(), TEXT.lines().collect::<Vec<_>>());
    }

    #[test]
    fn whole_lines_show_no_width() {
        let lines: Vec<&[u8]> = TEXT.lines().map(str::as_bytes).collect();
        assert_eq!(width(&lines, is_log), None);
        // Lines that were cut instead of broken.
        let cut: Vec<&[u8]> = TEXT.lines().map(|l| l.as_bytes().get(..70).unwrap_or(l.as_bytes())).collect();
        assert_eq!(width(&cut, is_log), None);
    }
}
