//! Signing of mall requests.
