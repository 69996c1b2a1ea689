//! Command text to tokens.
