//! What is pushed, as a collector reads it.
