//! Builds the house from its settings, runs it, ends it.
