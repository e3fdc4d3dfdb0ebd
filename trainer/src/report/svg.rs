//! Just enough SVG for five charts.
//!
//! Written here in place of a plotting crate: those fix each colour in each element and measure
//! text with a font of the machine, so a picture would not follow the reader's dark or light, would
//! carry no title and description for a screen reader, and would not have the same bytes
//! everywhere. What is left of such a crate, lines and labels, is this file.

use super::markup::Escaped;
use std::fmt::{self, Display};

/// A picture being written; text is escaped.
#[derive(Debug)]
pub(super) struct Svg(String);

/// Where the text of a label stands from its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A length in pixels, with at most two decimals.
struct Px(f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        let short = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if short == "-0" { "0" } else { short })
    }
}

impl Svg {
    /// A picture of so many pixels; `id` makes the names of title and description its own on a page
    /// with others.
    pub(super) fn new(id: &str, (width, height): (f64, f64), title: &str, describe: &str) -> Self {
        let (w, h) = (Px(width), Px(height));
        let (title, describe) = (Escaped(title), Escaped(describe));
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{describe}</desc>\n<rect class=\"paper\" width=\"{w}\" height=\"{h}\"/>\n"
        ))
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (w, h): (f64, f64)) {
        let (x, y, w, h) = (Px(x), Px(y), Px(w.max(0.0)), Px(h.max(0.0)));
        self.push(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/>\n"
        ));
    }

    /// As [`Self::rect`], seen through to `1 - opacity`.
    pub(super) fn shaded(&mut self, class: &str, at: (f64, f64), size: (f64, f64), opacity: f64) {
        self.push(format_args!("<g opacity=\"{opacity:.2}\">"));
        self.rect(class, at, size);
        self.push(format_args!("</g>\n"));
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let (x1, y1, x2, y2) = (Px(x1), Px(y1), Px(x2), Px(y2));
        self.push(format_args!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"
        ));
    }

    /// A line through all points; nothing where there is none.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let Some((&(x, y), rest)) = points.split_first() else {
            return;
        };
        self.push(format_args!("<path class=\"{class}\" d=\"M{} {}", Px(x), Px(y)));
        for &(x, y) in rest {
            self.push(format_args!("L{} {}", Px(x), Px(y)));
        }
        self.push(format_args!("\"/>\n"));
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let (x, y, r) = (Px(x), Px(y), Px(radius));
        self.push(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"/>\n"));
    }

    pub(super) fn text(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        anchor: Anchor,
        text: impl Display,
    ) {
        let (x, y, anchor) = (Px(x), Px(y), anchor.as_str());
        let text = text.to_string();
        let text = Escaped(&text);
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n"
        ));
    }

    /// Text that reads upwards.
    pub(super) fn upward(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let (x, y, text) = (Px(x), Px(y), Escaped(text));
        self.push(format_args!(
            "<text class=\"{class}\" transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\">{text}</text>\n"
        ));
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }

    fn push(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _infallible = fmt::Write::write_fmt(&mut self.0, text);
    }
}

/// The square of a chart: both axes from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    /// The pixel of a point.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + x * self.width, self.top + (1.0 - y) * self.height)
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Draws grid, numbers and names of the axes; the numbers of the x axis only where it has a
    /// name.
    pub(super) fn axes(&self, svg: &mut Svg, x_name: &str, y_name: &str) {
        for i in 0..=5 {
            let value = f64::from(i) / 5.0;
            svg.line("grid", self.at(0.0, value), self.at(1.0, value));
            svg.line("grid", self.at(value, 0.0), self.at(value, 1.0));
            let (x, y) = self.at(0.0, value);
            svg.text("tick", (x - 8.0, y + 4.0), Anchor::End, format_args!("{value:.1}"));
            if !x_name.is_empty() {
                let (x, y) = self.at(value, 0.0);
                svg.text("tick", (x, y + 18.0), Anchor::Middle, format_args!("{value:.1}"));
            }
        }
        svg.line("axis", self.at(0.0, 0.0), self.at(1.0, 0.0));
        svg.line("axis", self.at(0.0, 0.0), self.at(0.0, 1.0));
        let (x, y) = self.at(0.5, 0.0);
        if !x_name.is_empty() {
            svg.text("name", (x, y + 40.0), Anchor::Middle, x_name);
        }
        svg.upward("name", (self.left - 42.0, self.top + self.height / 2.0), y_name);
    }
}
