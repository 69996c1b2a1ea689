use proptest::prelude::*;
use serde_json::json;

use super::super::answer::Reply;
use super::*;

const ANN: UserId = UserId::new(223_456_789_012_345_677);
const BEN: UserId = UserId::new(223_456_789_012_345_679);

fn answer(body: &Value) -> Answer {
    let reply = Reply {
        status: 200,
        retry_after: None,
        body: Ok(body.to_string().into_bytes()),
    };
    Answer::of(reply, &[])
}

fn is_lost(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unknown(doubt) if doubt.kind == DoubtKind::Lost)
}

fn refusal(verdict: &Verdict) -> Option<(PointsRefusal, Option<i64>)> {
    match verdict {
        Verdict::Refused(refused) => Some((refused.meaning, refused.code)),
        _ => None,
    }
}

#[test]
fn a_change_is_applied_only_if_both_codes_are_0() {
    for applied in [
        json!({"code": 0, "data": {"guildId": 1, "fbLongId": 2, "code": 0, "message": ""}}),
        json!({"code": "0", "data": {"code": "0"}}),
        json!({"code": 0, "data": {}}),
        json!({"code": 0, "data": null}),
        json!({"code": 0}),
        json!({"zone": [1], "data": {"extra": {}, "code": 0}, "code": 0, "msg": "whatever"}),
        json!({"code": 0, "data": {"code": 0, "fbLongId": 2.2345678901234568e17}}),
    ] {
        assert_eq!(change(answer(&applied)), Verdict::Applied, "{applied}");
    }
    for unclear in [
        json!({"code": 0, "data": {"code": null}}),
        json!({"code": 0, "data": {"code": false}}),
        json!({"code": 0, "data": {"code": 0.0}}),
        json!({"code": 0, "data": [{"code": 0}]}),
        json!({"code": 0, "data": "ok"}),
        json!({"code": null, "data": {"code": 0}}),
        json!({"data": {"code": 0}}),
    ] {
        assert!(is_lost(&change(answer(&unclear))), "{unclear}");
    }
}

#[test]
fn a_refusal_counts_outside_inside_or_both_and_the_outer_code_wins() {
    for (body, code, text) in [
        (
            json!({"code": 30001, "msg": "out", "data": null}),
            30001,
            "out",
        ),
        (
            json!({"code": 0, "msg": "SUCCESS", "data": {"code": 30001, "message": "in"}}),
            30001,
            "in",
        ),
        (
            json!({"code": 30001, "desc": "out", "data": {"code": 30001, "message": "in"}}),
            30001,
            "out",
        ),
        (
            json!({"code": 60001, "msg": "out", "data": {"code": 30001, "message": "in"}}),
            60001,
            "out",
        ),
        (
            json!({"code": 50000, "data": {"code": 0, "message": "in"}}),
            50000,
            "",
        ),
    ] {
        let Verdict::Refused(refused) = change(answer(&body)) else {
            panic!("{body}");
        };
        assert_eq!((refused.code, refused.text.as_str()), (Some(code), text));
    }
}

#[test]
fn a_batch_is_matched_by_member_whatever_the_order() {
    let result = |member: UserId, code: i64| json!({"fbLongId": member.number(), "code": code, "message": "m"});
    let body = json!({"code": 0, "data": [result(BEN, 30001), result(ANN, 0)]});
    let verdicts = changes(answer(&body), &[ANN, BEN]);
    assert_eq!(verdicts[0], Verdict::Applied);
    assert_eq!(
        refusal(&verdicts[1]),
        Some((PointsRefusal::Insufficient, Some(30001)))
    );

    let quoted = json!({"code": 0, "data": {"fbLongId": ANN.to_string(), "code": "0"}});
    assert_eq!(changes(answer(&quoted), &[ANN]), [Verdict::Applied]);
}

#[test]
fn a_batch_that_does_not_fit_its_entries_is_unknown_as_a_whole() {
    let ann = json!({"fbLongId": ANN.number(), "code": 0});
    let ben = json!({"fbLongId": BEN.number(), "code": 0});
    let other = json!({"fbLongId": 7, "code": 0});
    let float = |code: i64| json!({"fbLongId": 2.2345678901234568e17, "code": code});
    for data in [
        json!(null),
        json!([]),
        json!("ok"),
        json!([ann]),
        json!(ann),
        json!([ann, ben, other]),
        json!([ann, ann]),
        json!([ann, other]),
        json!([ann, "done"]),
        json!([float(0), float(30001)]),
        json!([float(0), {"fbLongId": BEN.number()}]),
    ] {
        let body = json!({"code": 0, "data": data});
        let verdicts = changes(answer(&body), &[ANN, BEN]);
        assert_eq!(verdicts.len(), 2);
        assert!(verdicts.iter().all(is_lost), "{body}");
    }
}

#[test]
fn unreadable_ids_do_not_matter_where_all_codes_agree() {
    let float = json!({"fbLongId": 2.2345678901234568e17, "code": 0});
    let body = json!({"code": 0, "data": [float, float]});
    assert_eq!(
        changes(answer(&body), &[ANN, BEN]),
        [Verdict::Applied, Verdict::Applied]
    );
}

#[test]
fn one_result_without_a_usable_code_leaves_the_others_alone() {
    let body = json!({"code": 0, "data": [
        {"fbLongId": ANN.number(), "code": 0},
        {"fbLongId": BEN.number()},
    ]});
    let verdicts = changes(answer(&body), &[ANN, BEN]);
    assert_eq!(verdicts[0], Verdict::Applied);
    assert!(is_lost(&verdicts[1]));
}

#[test]
fn the_outer_code_refuses_a_batch_only_where_it_concerns_the_access() {
    for (code, meaning) in [
        (60000, PointsRefusal::NoAccess),
        (60001, PointsRefusal::NotEnabledHere),
        (60004, PointsRefusal::NoAccess),
        (1018, PointsRefusal::NoAccess),
    ] {
        for bare in [json!({"code": code}), json!({"code": code, "data": []})] {
            let verdicts = changes(answer(&bare), &[ANN, BEN]);
            assert_eq!(verdicts.len(), 2);
            for verdict in verdicts {
                assert_eq!(refusal(&verdict), Some((meaning, Some(code))));
            }
        }
        let partly = json!({"code": code, "data": [{"fbLongId": ANN.number(), "code": 0}]});
        assert!(changes(answer(&partly), &[ANN, BEN]).iter().all(is_lost));
    }
    for code in [30001, 50000, 60005, 60006, 7] {
        let body = json!({"code": code});
        assert!(changes(answer(&body), &[ANN, BEN]).iter().all(is_lost));
    }
}

#[test]
fn a_record_under_another_id_says_nothing() {
    let op = OpId::kept("gp-1-2-0-3".to_owned());
    let of = |data: Value| record(answer(&json!({"code": 0, "data": data})), &op);
    for empty in [
        json!(null),
        json!({}),
        json!([]),
        json!(""),
        json!({"bizId": null}),
        json!({"bizId": "", "point": 0}),
        json!({"remark": "x"}),
    ] {
        assert_eq!(of(empty.clone()), Ok(Record::Unused), "{empty}");
    }
    for nothing in [
        json!({"bizId": "gp-1-2-0-4", "point": 5}),
        json!({"bizId": 7, "point": 5}),
        json!("gp-1-2-0-3"),
        json!([{"bizId": "gp-1-2-0-3"}]),
        json!(0),
        json!(false),
    ] {
        assert!(
            matches!(of(nothing.clone()), Err(LookupError::NoInformation { .. })),
            "{nothing}"
        );
    }
    let found = |fields: Value| match of(fields) {
        Ok(Record::Found { member, amount }) => (member, amount.map(Amount::points)),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        found(json!({"bizId": "gp-1-2-0-3", "fbLongId": ANN.number(), "point": "-150"})),
        (Some(ANN), Some(-150))
    );
    // The caller compares; what cannot be read is not made up.
    assert_eq!(
        found(json!({"bizId": "gp-1-2-0-3", "fbLongId": 2.2345678901234568e17, "point": 12_000})),
        (None, None)
    );
}

proptest! {
    #[test]
    fn no_body_ever_becomes_a_panic_or_a_success_by_accident(body in "\\PC{0,60}", status in 100u16..600) {
        let reply = || Reply { status, retry_after: None, body: Ok(body.clone().into_bytes()) };
        let op = OpId::kept("gp-1-2-0-3".to_owned());
        prop_assert_ne!(change(Answer::of(reply(), &[])), Verdict::Applied);
        prop_assert!(balance(Answer::of(reply(), &[])).is_err());
        prop_assert!(record(Answer::of(reply(), &[]), &op).is_err());
        for verdict in changes(Answer::of(reply(), &[]), &[ANN, BEN]) {
            prop_assert_ne!(verdict, Verdict::Applied);
        }
    }

    #[test]
    fn shuffled_batches_give_each_member_their_own_verdict(
        codes in proptest::collection::vec(prop_oneof![Just(0i64), Just(30001), Just(50000)], 1..40)
            .prop_flat_map(|codes| {
                let numbered: Vec<(u64, i64)> = (1..).zip(codes).collect();
                (Just(numbered.clone()), Just(numbered).prop_shuffle())
            }),
    ) {
        let (sent, answered) = codes;
        let items: Vec<Value> = answered
            .iter()
            .map(|(member, code)| json!({"fbLongId": member, "code": code}))
            .collect();
        let members: Vec<UserId> = sent.iter().map(|(member, _)| UserId::new(*member)).collect();
        let verdicts = changes(answer(&json!({"code": 0, "data": items})), &members);
        for ((_, code), verdict) in sent.iter().zip(&verdicts) {
            prop_assert_eq!(verdict, &by_code(*code, String::new()));
        }
    }
}
