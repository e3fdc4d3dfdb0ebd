//! Texts that every model carries with its scores: whoever loads it computes them again.

/// Reviews written for the purpose: both sides, negation, every kind of character, nothing at all.
pub const EXAMPLES: &[&str] = &[
    "",
    "A wonderful film. The acting is superb and I loved every minute of it.",
    "What a waste of time: the worst plot I have seen in years, and the acting was terrible.",
    "Not bad at all, but not great either; the second half drags.",
    "I can't recommend this. I didn't laugh once, and I wanted to.",
    "Excellent, excellent, EXCELLENT! 10/10 would watch again.",
    "<br />Boring.<br /><br />Poorly directed, badly written, 1 out of 10.",
    "Amélie is a café-crème of a film: naïve, über-sweet, ΟΔΥΣΣΕΥΣ would weep. 美しい映画 🎬 ½ \u{0}\u{7f}",
    "the the the the the the the the the the the the the the the the the the the the the the the the",
];
