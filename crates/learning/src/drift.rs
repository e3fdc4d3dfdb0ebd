//! Whether reviews still look like those that a model was trained on.

pub mod psi;
pub mod window;
