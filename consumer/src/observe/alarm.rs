//! When the reviews count as drifted.

/// The alarm ends only when every index is below this part of the threshold: one that hovers at the
/// threshold would otherwise be logged again and again.
const ENDS_BELOW: f64 = 0.8;

/// Whether the reviews have drifted, from one look to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    threshold: f64,
    raised: bool,
}

/// What a look has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmEvent {
    /// An index went above the threshold.
    Raised,
    /// All indices are well below it again.
    Cleared,
}

impl Alarm {
    /// Not raised; `threshold` is the stability index above which it will be.
    #[must_use]
    pub fn new(threshold: f64) -> Self {
        Self { threshold, raised: false }
    }

    /// Looks at the largest index of a full window.
    pub fn look(&mut self, largest_psi: f64) -> Option<AlarmEvent> {
        if !self.raised && largest_psi > self.threshold {
            self.raised = true;
            Some(AlarmEvent::Raised)
        } else if self.raised && largest_psi < self.threshold * ENDS_BELOW {
            self.raised = false;
            Some(AlarmEvent::Cleared)
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
            (0.21, Some(AlarmEvent::Raised), true),
            (0.5, None, true),
            (0.19, None, true),
            (0.17, None, true),
            (0.15, Some(AlarmEvent::Cleared), false),
            (0.19, None, false),
            (0.3, Some(AlarmEvent::Raised), true),
        ];
        for (i, (psi, event, raised)) in looks.into_iter().enumerate() {
            assert_eq!(alarm.look(psi), event, "look {i}");
            assert_eq!(alarm.is_raised(), raised, "look {i}");
        }
    }
}
