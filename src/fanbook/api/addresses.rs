//! Where each method is found. Reading an address costs more than signing a request, so each is read
//! once.
//!
//! Invariant: addresses carry the token, so nothing here can be printed.

use std::collections::HashMap;
use std::fmt;
use std::sync::PoisonError;
use std::sync::RwLock;

use reqwest::Url;

/// `{api_url}/api/bot/{token}/{method}` for the methods that were called before.
pub(super) struct Addresses {
    /// Ends in a slash.
    base: Url,
    /// As many as there are methods in the code.
    read: RwLock<HashMap<&'static str, Url>>,
}

impl Addresses {
    /// Addresses under `base`, which ends in a slash.
    pub(super) fn under(base: Url) -> Self {
        Self {
            base,
            read: RwLock::default(),
        }
    }

    /// The address of `method`: a plain name.
    pub(super) fn of(&self, method: &'static str) -> Url {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(address) = read.get(method) {
            return address.clone();
        }
        drop(read);
        let mut address = self.base.clone();
        // Not joined: a name with a colon in it would be an address of its own.
        address.set_path(&format!("{}{method}", self.base.path()));
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.entry(method).or_insert(address).clone()
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addresses").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_base_and_the_method_and_is_never_printed() {
        for base in [
            "https://a1.fanbook.mobi/api/bot/t0k3n/",
            "http://[::1]:8/x/api/bot/1:t0k3n~/",
        ] {
            let addresses = Addresses::under(Url::parse(base).unwrap());
            for _ in 0..2 {
                let address = addresses.of("v2/sendMessage");
                assert_eq!(address.as_str(), format!("{base}v2/sendMessage"));
            }
            assert!(!format!("{addresses:?}").contains("t0k3n"));
        }
    }
}
