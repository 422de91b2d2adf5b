//! Hostile log text against every renderer: it may look ugly, but it stays text.

use super::{RENDERERS, Style, testing};
use regex::Regex;

/// What logs were made to say: markup, escapes, marks that turn text round, and characters that end a table.
const TEXTS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onmouseover='alert(1)",
    "</script><script>alert(2)</script><!--",
    "--></style></title></svg><iframe src=//evil.example>",
    "]]> <![CDATA[ &lt;b&gt; &#60;i&#62; &amp;",
    "| a | b |\n|---|---|\n# heading\n- [ ] item\n```\n[x](javascript:alert(1)) ![i](http://evil.example/x.png) <http://evil.example>",
    "`` ` ``` | \\| \\` **bold** __u__ ~~s~~ {#id} http://evil.example/",
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred\u{9b}31m\r\u{8}\u{0}\u{7f}",
    "\u{202e}gnp.exe\u{2066}x\u{2069}\u{200f}\u{feff}\u{200b}\u{2028}\u{2029}\u{ad}\u{180e}",
    "'\"\\,;=+-@SUM(1+1)\t\t漢字 ünï \u{1f600}",
];

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

fn verbose() -> Style {
    Style { verbose: true, ..Style::default() }
}

fn rendered(name: &str, text: &str) -> String {
    (super::by_name(name).expect("a renderer").render)(&testing::hostile(text), verbose())
}

/// Names of all tags in order.
fn tags(html: &str) -> Vec<&str> {
    let tag = pattern(r"<(/?[A-Za-z!][A-Za-z0-9-]*)");
    tag.captures_iter(html).filter_map(|c| c.get(1)).map(|m| m.as_str()).collect()
}

#[test]
fn no_output_holds_what_steers_a_terminal_or_turns_text_round() {
    for text in TEXTS {
        for renderer in RENDERERS.iter().filter(|r| r.name != "json") {
            for ascii in [false, true] {
                let style = Style { ascii, ..verbose() };
                let out = (renderer.render)(&testing::hostile(text), style);
                let bad = |c: char| {
                    c.is_control() && c != '\n'
                        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' | '\u{180e}')
                };
                assert_eq!(out.chars().find(|c| bad(*c)), None, "{} of {text:?}", renderer.name);
                assert!(!(ascii && renderer.name == "text") || out.is_ascii(), "{text:?}");
            }
        }
    }
}

#[test]
fn no_text_becomes_markup_of_the_page() {
    let plain = rendered("html", "pg1");
    for text in TEXTS {
        let page = rendered("html", text);
        assert_eq!(tags(&plain), tags(&page), "{text:?}");
        // Attributes without their quoted values.
        let markup: String =
            pattern("<[^>]*>").find_iter(&pattern("\"[^\"]*\"").replace_all(&page, "")).map(|m| m.as_str()).collect();
        let handler = pattern(r"(?i)\s(on[a-z]+|src|style|srcdoc)\s*=");
        assert_eq!(handler.find(&markup).map(|m| m.as_str()), None, "{text:?}");
    }
}

#[test]
fn the_page_is_sealed_against_scripts_and_the_network() {
    let page = rendered("html", TEXTS[0]);
    let policy = pattern("Content-Security-Policy\" content=\"([^\"]*)\"");
    let policy = policy.captures(&page).and_then(|c| c.get(1)).expect("a policy").as_str();
    assert!(policy.starts_with("default-src &#39;none&#39;") || policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let link = pattern("(?:src|href|action)=\"([^\"#][^\"]*)\"");
    let outside: Vec<&str> = link.captures_iter(&page).filter_map(|c| c.get(1)).map(|m| m.as_str()).collect();
    assert_eq!(outside, ["data:,"]);
}

/// A line of Markdown without its code spans: a run of backticks up to the next run of the same length.
fn without_code(line: &str) -> String {
    let run = |at: usize| line.get(at..).map_or(0, |r| r.bytes().take_while(|b| *b == b'`').count());
    let (mut out, mut at) = (String::new(), 0);
    while let Some(c) = line.get(at..).and_then(|r| r.chars().next()) {
        let fence = run(at);
        if c == '\\' {
            let next = line.get(at + 1..).and_then(|r| r.chars().next()).map_or(0, char::len_utf8);
            out.push_str(line.get(at..at + 1 + next).unwrap_or(""));
            at += 1 + next;
        } else if fence > 0 {
            let mut end = at + fence;
            while end < line.len() && run(end) != fence {
                end += run(end).max(line.get(end..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8));
            }
            at = (end + fence).min(line.len());
        } else {
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

#[test]
fn no_text_becomes_markup_of_markdown() {
    let bars = |md: &str| {
        let unescaped = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        md.lines().filter(|l| l.starts_with('|')).map(unescaped).collect::<Vec<_>>()
    };
    let lead = |md: &str| md.lines().filter(|l| l.starts_with(['#', '>', '`']) || l.starts_with("---")).count();
    let plain = rendered("md", "pg1");
    for text in TEXTS {
        let out = rendered("md", text);
        assert_eq!(bars(&plain), bars(&out), "{text:?}");
        assert_eq!((lead(&plain), plain.lines().count()), (lead(&out), out.lines().count()), "{text:?}");
        // Outside of code, no tag and no link can begin.
        let prose: String = out.lines().map(without_code).collect::<Vec<_>>().join("\n");
        let tag = pattern(r"(^|[^\\])(<[A-Za-z/!]|!?\[[^\]\\]*\]\()");
        assert_eq!(tag.find(&prose).map(|m| m.as_str()), None, "{text:?}");
    }
}

#[test]
fn json_gives_every_text_back_as_it_was() {
    for text in TEXTS {
        let value: serde_json::Value = serde_json::from_str(&rendered("json", text)).expect("JSON");
        assert_eq!(value["timeline"][0]["raw"], *text);
    }
}

#[test]
fn endless_lines_end() {
    let text = "x\u{1b}<é".repeat(400_000);
    for renderer in RENDERERS.iter().filter(|r| r.name != "json") {
        let out = (renderer.render)(&testing::hostile(&text), verbose());
        assert!(out.len() < 3 << 20, "{}: {} bytes", renderer.name, out.len());
        if renderer.name == "text" {
            assert!(out.lines().all(|l| unicode_width::UnicodeWidthStr::width(l) <= 80));
        }
    }
}
