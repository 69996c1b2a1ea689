//! The signature of mall requests against vectors computed apart from this program.
//!
//! `tests/vectors/mall-signature.json` holds the mall's published sample and cases of our own;
//! `wrong` names what typical mistakes would have produced, so that a failure says which it is.

use std::collections::BTreeMap;

use guildpoints::points::sign::Parts;
use guildpoints::support::secret::Secret;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    name: String,
    secret: String,
    app_key: String,
    nonce: String,
    timestamp: String,
    authorization: Option<String>,
    query: BTreeMap<String, String>,
    body: Option<String>,
    #[serde(rename = "signing_string")]
    signing_string: String,
    signature: String,
    wrong: BTreeMap<String, String>,
}

#[test]
fn every_vector_comes_out() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("vectors/mall-signature.json")).unwrap();
    assert!(vectors.len() > 10);
    for vector in vectors {
        let query: Vec<_> = vector.query.into_iter().collect();
        let parts = Parts {
            app_key: &vector.app_key,
            nonce: &vector.nonce,
            timestamp: &vector.timestamp,
            authorization: vector.authorization.as_deref(),
            query: &query,
            body: vector.body.as_deref(),
        };
        let secret = Secret::new(&vector.secret);
        assert_eq!(
            parts.masked(),
            secret.blot(&vector.signing_string),
            "{}",
            vector.name
        );
        let signature = parts.signature(&secret);
        let mistake = vector.wrong.iter().find(|(_, wrong)| **wrong == signature);
        assert_eq!(
            signature, vector.signature,
            "{}: mistake: {mistake:?}",
            vector.name
        );
    }
}

proptest! {
    #[test]
    fn the_order_of_the_query_never_matters(
        (given, shuffled) in proptest::collection::vec((".{0,8}", ".{0,8}"), 0..8)
            .prop_flat_map(|query| (Just(query.clone()), Just(query).prop_shuffle())),
        body in proptest::option::of(".{0,40}"),
    ) {
        let secret = Secret::new("t0p5ecretvalue000000");
        let of = |query: &[(String, String)]| Parts {
            app_key: "key",
            nonce: "nonce",
            timestamp: "1700000000000",
            authorization: None,
            query,
            body: body.as_deref(),
        }
        .signature(&secret);
        let signature = of(&given);
        prop_assert_eq!(&signature, &of(&shuffled));
        prop_assert!(signature.len() == 32);
        prop_assert!(signature.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    }

    #[test]
    fn what_is_shown_never_holds_the_secret(
        secret in "[a-z0-9]{20}",
        query in proptest::collection::vec(("[A-Z]{0,8}", "[A-Z]{0,8}"), 0..4),
        body in proptest::option::of("[A-Z]{0,40}"),
    ) {
        let parts = Parts {
            app_key: "KEY",
            nonce: "NONCE",
            timestamp: "1700000000000",
            authorization: None,
            query: &query,
            body: body.as_deref(),
        };
        prop_assert!(!parts.masked().contains(&secret));
    }
}
