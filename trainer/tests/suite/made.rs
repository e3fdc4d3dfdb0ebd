//! Reviews that are made up, the same ones on every run.

use std::path::Path;
use verdict_kafka_io::Outgoing;
use verdict_messages::{Label, Review, Sentiment};

/// A labelled review.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: String,
    pub text: String,
    pub positive: bool,
}

impl Made {
    /// As a record of a topic of reviews.
    pub fn review(&self, topic: &str) -> Outgoing {
        let text = Review::from_text(self.text.as_str());
        let review = Review { id: Some(self.id.as_str().into()), ..text };
        Outgoing::to(topic).key(self.id.as_str()).value(review.encode().unwrap())
    }
}

/// A record of a topic of labels.
pub fn label(topic: &str, id: &str, positive: bool) -> Outgoing {
    let label = Label {
        review_id: id.into(),
        label: if positive { Sentiment::Positive } else { Sentiment::Negative },
        source: "user".into(),
        labelled_at: "2026-01-02T03:04:05.000Z".into(),
    };
    Outgoing::to(topic).key(id).value(label.encode().unwrap())
}

const GOOD: [&str; 6] = ["warm", "witty", "moving", "a joy", "not bad", "superb"];
const BAD: [&str; 6] = ["dull", "clumsy", "a bore", "not good", "awful", "wooden"];
const PLAIN: &str = "the cast,the plot,its music,an evening,the second act,this director,\
                     a long journey,the camera,some dialogue,the ending,every scene,the book";

/// So many reviews, every other one positive, a tenth of the words on the wrong side.
pub fn reviews(n: usize) -> Vec<Made> {
    let mut draw = Draw(0x2545_f491_4f6c_dd1d);
    let plain: Vec<&str> = PLAIN.split(',').collect();
    (0..n)
        .map(|i| {
            let positive = i % 2 == 0;
            let words: Vec<String> = (0..3 + draw.below(6))
                .map(|_| {
                    let side = if (draw.below(10) == 0) == positive { BAD } else { GOOD };
                    format!("{} was {}", plain[draw.below(12)], side[draw.below(6)])
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

/// The same reviews, so many of each hundred labelled wrongly.
pub fn flipped(reviews: &[Made], percent: usize) -> Vec<Made> {
    let wrong = |i: usize| (i * 37) % 100 < percent;
    let flip =
        |(i, made): (usize, &Made)| Made { positive: made.positive != wrong(i), ..made.clone() };
    reviews.iter().enumerate().map(flip).collect()
}

/// Other reviews, under other ids.
pub fn others(n: usize, prefix: &str) -> Vec<Made> {
    let made = reviews(n).into_iter();
    made.map(|made| Made {
        id: format!("{prefix}-{}", made.id),
        text: format!("{prefix}: {}", made.text),
        ..made
    })
    .collect()
}
