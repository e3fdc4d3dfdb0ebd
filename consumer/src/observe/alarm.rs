//! When the reviews count as drifted.

/// The alarm ends only when every index is below this part of the threshold: one that hovers at the threshold would
/// otherwise be told again and again.
const ENDS_BELOW: f64 = 0.8;

/// Whether the reviews have drifted, from one look to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    threshold: f64,
    raised: bool,
}

/// What a look changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// An index went above the threshold.
    Begins,
    /// All indices are well below it again.
    Ends,
}

impl Alarm {
    /// Not raised; `threshold` is the stability index above which it will be.
    #[must_use]
    pub fn new(threshold: f64) -> Self {
        Self { threshold, raised: false }
    }

    /// Looks at the largest index of a full window.
    pub fn look(&mut self, largest_psi: f64) -> Option<Change> {
        if !self.raised && largest_psi > self.threshold {
            self.raised = true;
            Some(Change::Begins)
        } else if self.raised && largest_psi < self.threshold * ENDS_BELOW {
            self.raised = false;
            Some(Change::Ends)
        } else {
            None
        }
    }

    /// Whether it is raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.raised
    }

    /// The stability index above which it is raised.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_above_the_threshold_and_ends_well_below_it() {
        let mut alarm = Alarm::new(0.2);
        let looks = [
            (0.1, None, false),
            (0.2, None, false),
            (0.21, Some(Change::Begins), true),
            (0.5, None, true),
            (0.19, None, true),
            (0.17, None, true),
            (0.15, Some(Change::Ends), false),
            (0.19, None, false),
            (0.3, Some(Change::Begins), true),
        ];
        for (i, (psi, change, raised)) in looks.into_iter().enumerate() {
            assert_eq!(alarm.look(psi), change, "look {i}");
            assert_eq!(alarm.is_raised(), raised, "look {i}");
        }
    }
}
