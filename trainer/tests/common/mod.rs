//! Reviews that are made up, the same ones on every run.
#![allow(dead_code, reason = "each test uses its part of it")]
#![allow(unreachable_pub, reason = "shared by the tests of this folder")]

pub mod http;
pub mod pipeline;
pub mod process;
pub mod tools;

use std::path::Path;

/// A labelled review.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: String,
    pub text: String,
    pub positive: bool,
}

const GOOD: [&str; 6] = ["warm", "witty", "moving", "a joy", "not bad", "superb"];
const BAD: [&str; 6] = ["dull", "clumsy", "a bore", "not good", "awful", "wooden"];
const PLAIN: [&str; 12] = [
    "the cast",
    "the plot",
    "its music",
    "an evening",
    "the second act",
    "this director",
    "a long journey",
    "the camera",
    "some dialogue",
    "the ending",
    "every scene",
    "the book",
];

/// So many reviews, every other one positive, a tenth of the words on the wrong side.
pub fn reviews(n: usize) -> Vec<Made> {
    let mut draw = Draw(0x2545_f491_4f6c_dd1d);
    (0..n)
        .map(|i| {
            let positive = i % 2 == 0;
            let words: Vec<String> = (0..3 + draw.below(6))
                .map(|_| {
                    let side = if (draw.below(10) == 0) == positive { BAD } else { GOOD };
                    format!("{} was {}", PLAIN[draw.below(12)], side[draw.below(6)])
                })
                .collect();
            Made {
                id: format!("review-{i:04}"),
                text: format!("{}, number {i}.", words.join(", ")),
                positive,
            }
        })
        .collect()
}

/// Marsaglia's xorshift: nothing but a fixed order.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % n).unwrap()
    }
}

pub fn sentiment(positive: bool) -> &'static str {
    if positive { "positive" } else { "negative" }
}

/// Writes a CSV file with ids.
pub fn write_csv(path: &Path, reviews: &[Made]) {
    let rows = reviews.iter().map(|review| {
        let text = review.text.replace('"', "\"\"");
        format!("{},\"{text}\",{}\n", review.id, sentiment(review.positive))
    });
    let text: String = std::iter::once("id,review,sentiment\n".to_owned()).chain(rows).collect();
    std::fs::write(path, text).unwrap();
}
