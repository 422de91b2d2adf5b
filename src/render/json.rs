//! The report as JSON: the contract with scripts.

use super::{Renderer, Style};
use crate::report::Report;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{Result, Write};

pub static RENDERER: Renderer = Renderer { name: "json", endings: &["json"], excerpts: true, render };

fn render(report: &Report, _: Style) -> String {
    let mut out = Vec::new();
    let _ = report.serialize(&mut Serializer::with_formatter(&mut out, Rows::default()));
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

/// One value a line, but the numbers of a list share one: thousands of samples stay readable.
#[derive(Debug, Default)]
struct Rows {
    depth: usize,
    /// Inside a list, before a value: whether it is the first. What the value is decides about the line break.
    pending: Option<bool>,
    /// The container ends on a line of its own.
    broken: bool,
}

impl Rows {
    fn line<W: ?Sized + Write>(&self, w: &mut W) -> Result<()> {
        w.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| w.write_all(b"  "))
    }

    /// Before anything but a number.
    fn own_line<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        if let Some(first) = self.pending.take() {
            w.write_all(if first { b"" } else { b"," })?;
            self.line(w)?;
            self.broken = true;
        }
        Ok(())
    }

    fn open<W: ?Sized + Write>(&mut self, w: &mut W, sign: &[u8]) -> Result<()> {
        self.own_line(w)?;
        self.depth += 1;
        self.broken = false;
        w.write_all(sign)
    }

    fn close<W: ?Sized + Write>(&mut self, w: &mut W, sign: &[u8]) -> Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.broken {
            self.line(w)?;
        }
        self.broken = true;
        w.write_all(sign)
    }

    fn number<W: ?Sized + Write>(&mut self, w: &mut W, value: &str) -> Result<()> {
        if self.pending.take() == Some(false) {
            w.write_all(b",")?;
        }
        w.write_all(value.as_bytes())
    }
}

impl Formatter for Rows {
    fn write_u32<W: ?Sized + Write>(&mut self, w: &mut W, value: u32) -> Result<()> {
        self.number(w, &value.to_string())
    }
    fn write_u64<W: ?Sized + Write>(&mut self, w: &mut W, value: u64) -> Result<()> {
        self.number(w, &value.to_string())
    }
    fn write_f64<W: ?Sized + Write>(&mut self, w: &mut W, value: f64) -> Result<()> {
        let text = if self.pending.is_some() { value.to_string() } else { format!("{value:?}") };
        self.number(w, &text)
    }
    fn write_null<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        self.own_line(w)?;
        w.write_all(b"null")
    }
    fn begin_string<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        self.own_line(w)?;
        w.write_all(b"\"")
    }
    fn begin_array<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        self.open(w, b"[")
    }
    fn end_array<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        self.close(w, b"]")
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> Result<()> {
        self.pending = Some(first);
        Ok(())
    }
    fn begin_object<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        self.open(w, b"{")
    }
    fn end_object<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        self.close(w, b"}")
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> Result<()> {
        w.write_all(if first { b"" } else { b"," })?;
        self.line(w)?;
        self.broken = true;
        Ok(())
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> Result<()> {
        w.write_all(b": ")
    }
    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<()> {
        self.broken = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_share_a_line_and_all_of_it_reads_back() {
        let value = serde_json::json!({"a": [[1.5, 2.0], [3.0, 4.25]], "b": ["x", 1], "c": {"d": [], "e": {}}, "f": null, "g": 1.0});
        let mut out = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut out, Rows::default())).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\n    [1.5,2],\n    [3,4.25]\n  ]"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["a"][1][1], 4.25);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["b"], value["b"]);
        assert!(text.contains("\"d\": [],"), "{text}");
    }
}
