//! Whether reviews still look like those that a model was trained on.

mod psi;
mod window;

pub use psi::psi;
pub use window::{Feature, Reading, Window};
