//! Drawing by plotters, cut into layers: a frame in pixels, and data on a fine grid that the script can zoom.

use super::page::Svg;
use crate::render::escape;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

/// Width of a figure, of the labels on its left, and of the margin on its right, in pixels.
pub const WIDTH: u32 = 960;
pub const LEFT: u32 = 112;
pub const RIGHT: u32 = 12;
pub const PLOT: u32 = WIDTH - LEFT - RIGHT;
/// Units across a data layer: zooming to a hundredth of the time still has a pixel's precision.
pub const GRID: u32 = 20_000;
/// Units from top to bottom of a data layer.
pub const HIGH: u32 = 400;

/// Elements of a drawing without its envelope.
pub fn layer(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>>,
) -> Svg {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let _ = draw(&area);
        let _ = area.present();
    }
    let inner = svg.split_once('>').map_or("", |(_, rest)| rest).trim();
    // Styles belong to the page's style sheet, in both themes.
    let inner = inner
        .strip_suffix("</svg>")
        .unwrap_or(inner)
        .replace(" opacity=\"1\"", "")
        .replace(" font-family=\"sans-serif\"", "");
    Svg(inner.replace(" \"", "\""))
}

/// A label inside a drawing: short and without anything that changes how the rest is shown.
pub fn label(text: &str, most: usize) -> String {
    escape::terminal(text, most)
}

/// Text at a place of the frame.
pub fn write(
    area: &DrawingArea<SVGBackend<'_>, Shift>,
    text: &str,
    at: (i32, i32),
    right: bool,
) -> Result<(), Box<dyn Error>> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let anchor = Pos::new(if right { HPos::Right } else { HPos::Left }, VPos::Center);
    let style = TextStyle::from(("sans-serif", 14).into_font()).pos(anchor);
    area.draw(&Text::new(label(text, 60), at, style))?;
    Ok(())
}

/// Steps in seconds at which people expect a tick.
const STEPS: &[i64] =
    &[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/// Seconds since 1970 at which ticks stand, at most nine of them.
pub fn ticks(from: f64, to: f64) -> Vec<i64> {
    let step = STEPS.iter().copied().find(|s| (to - from) / *s as f64 <= 9.0).unwrap_or_else(|| {
        // Months and years: whole days, as many as it takes.
        86_400 * ((to - from) / 9.0 / 86_400.0).ceil().clamp(1.0, 1e9) as i64
    });
    let first = (from / step as f64).ceil() as i64;
    (first..).map(|n| n * step).take_while(|t| *t as f64 <= to).take(10).collect()
}

/// The scale of a figure: time across, value upwards.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub from: f64,
    pub to: f64,
    pub top: f64,
}

impl Scale {
    /// Pixel of a time in the frame.
    pub fn x(&self, at: f64) -> i32 {
        // What lies a century outside of the frame must not overflow.
        let inside = ((at - self.from) / (self.to - self.from) * f64::from(PLOT)).round();
        LEFT as i32 + inside.clamp(-1e6, 1e6) as i32
    }
    /// Unit of a time in a data layer.
    pub fn gx(&self, at: f64) -> i32 {
        ((at - self.from) / (self.to - self.from) * f64::from(GRID)).round().clamp(-1.0, f64::from(GRID) + 1.0) as i32
    }
    pub fn gy(&self, value: f64) -> i32 {
        (f64::from(HIGH) * (1.0 - value / self.top)).round().clamp(0.0, f64::from(HIGH)) as i32
    }
}

/// Ticks of time along the bottom of a frame.
pub fn time_axis(scale: &Scale, bottom: i32, height: u32, top: i32) -> Svg {
    let clock = |t: i64| {
        let s = t.rem_euclid(86_400);
        let step =
            ticks(scale.from, scale.to).windows(2).map(|w| w.last().zip(w.first()).map_or(0, |(b, a)| b - a)).next();
        match step {
            Some(step) if step >= 86_400 => crate::model::date(t * crate::model::SECOND),
            _ if s % 60 == 0 => format!("{:02}:{:02}", s / 3_600, s / 60 % 60),
            _ => format!("{:02}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60),
        }
    };
    layer((WIDTH, height), |area| {
        use plotters::style::text_anchor::{HPos, Pos, VPos};
        let style = TextStyle::from(("sans-serif", 13).into_font()).pos(Pos::new(HPos::Center, VPos::Top));
        for t in ticks(scale.from, scale.to) {
            let x = scale.x(t as f64);
            area.draw(&PathElement::new(vec![(x, top), (x, bottom + 4)], BLACK))?;
            area.draw(&Text::new(clock(t), (x, bottom + 6), style.clone()))?;
        }
        Ok(())
    })
}

/// A nice figure at or above the highest value.
pub fn nice(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10f64.powi(value.log10().floor() as i32);
    [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .iter()
        .map(|m| m * power)
        .find(|n| *n >= value * 0.999)
        .unwrap_or(value)
}

/// A value as people write it.
pub fn value(v: f64) -> String {
    let text = match v.abs() {
        a if a >= 100.0 || v == v.trunc() => format!("{v:.0}"),
        a if a >= 10.0 => format!("{v:.1}"),
        _ => format!("{v:.2}"),
    };
    // 12 345 678 is easier to read than 12345678.
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |d| ("-", d));
    if digits.len() <= 4 || digits.contains('.') {
        return text;
    }
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    format!("{sign}{out}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: one stamp of another century among today's.
    #[test]
    fn a_time_a_century_away_overflows_nothing() {
        let scale = Scale { from: 0.0, to: 1.0, top: 1.0 };
        assert!(scale.x(4e9) > 0 && scale.x(-4e9) < 0);
        let century = ticks(0.0, 3.2e9);
        assert!((8..=10).contains(&century.len()) && century.last().is_some_and(|t| *t as f64 > 2.8e9), "{century:?}");
    }

    #[test]
    fn ticks_are_where_people_expect_them() {
        assert_eq!(ticks(3_605.0, 5_400.0), [3_900, 4_200, 4_500, 4_800, 5_100, 5_400]);
        assert_eq!(ticks(10.2, 15.0), [11, 12, 13, 14, 15]);
    }

    #[test]
    fn figures_are_read_easily() {
        assert_eq!(
            [value(4.0), value(3998.4), value(12.34), value(1.234), value(1234567.0)],
            ["4", "3998", "12.3", "1.23", "1 234 567"]
        );
        assert_eq!((nice(3998.0), nice(0.0), nice(17.0)), (4000.0, 1.0, 20.0));
    }
}
