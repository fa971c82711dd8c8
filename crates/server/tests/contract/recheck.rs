//! Tests of `WTS_RECHECK_ACCESS`: callers whose rank in the database differs from the rank in their token.

use wts_domain::{Access, StaffId, StudentId};
use wts_testkit::{ALICE, Database, Kind, Operator, sample_records};

use crate::{
    assert_rejected,
    support::{Service, get, token_for, wait_until},
    traces_of,
};

/// The change of Alice's rank in the database since her token was issued.
#[derive(Debug, Clone, Copy)]
enum Since {
    Same,
    Lowered(Access),
    Gone,
}

pub(crate) fn lower_rank_of_token_and_database_is_used_for_access(kind: Kind) {
    let mut records = sample_records();
    records.operators.push(Operator {
        wid: StaffId::from("W001"),
        sid: StudentId::from(ALICE),
        access: Access::Dev,
    });
    let database = Database::with(kind, records);
    let service = Service::with(&database.url(), &[("WTS_RECHECK_ACCESS", "on")]);
    let operators = database.table("operators");
    let set = |rank: Access| {
        database.execute(&format!(
            "update {operators} set access = '{rank}' where wid = 'W001'"
        ));
    };

    for token in Access::ALL {
        set(*token);
        request(&service, *token, Since::Same);
    }
    for lowered in [Access::InformalMember, Access::Unregistered] {
        set(lowered);
        for token in Access::ALL {
            request(&service, *token, Since::Lowered(lowered));
        }
    }
    // Without a staff record, the rank of Alice is user. A lower rank in the token has precedence over it.
    database.execute(&format!("delete from {operators} where wid = 'W001'"));
    for token in Access::ALL {
        request(&service, *token, Since::Lowered(Access::User));
    }
    database.delete_unchecked(&match kind {
        Kind::Sqlite | Kind::Postgres => {
            format!(
                "delete from {} where sid = '{ALICE}'",
                database.table("students")
            )
        }
        Kind::WtsV3 => format!("delete from wts.users where sid = '{ALICE}'"),
    });
    for token in Access::ALL {
        request(&service, *token, Since::Gone);
    }
}

/// Requests Alice's own ticket, Bob's ticket and a missing ticket, and asserts the responses.
fn request(service: &Service, token: Access, since: Since) {
    let effective = match since {
        Since::Same => token,
        Since::Lowered(rank) => rank.min(token),
        Since::Gone => Access::Unregistered,
    };
    let shown = format!("{token}, {since:?}");
    let response =
        |ticket: &str| service.get(&traces_of(ticket), &token_for(ALICE, token.as_str()));
    let (own, anothers, absent) = (response("123"), response("124"), response("999"));

    if !effective.is_active() {
        for response in [own, anothers, absent] {
            assert_rejected(&response, 403, 3, "only active users can access this API");
        }
        return;
    }
    assert_eq!(own.status, 200, "{shown}: {own:?}");
    assert_eq!(own.opids(), [1, 3], "{shown}");
    assert_rejected(&absent, 400, 5, "无法找到对应的工单");
    if effective.is_operator() {
        assert_eq!(anothers.opids(), [9, 2, 5], "{shown}");
    } else {
        assert_rejected(
            &anothers,
            403,
            3,
            "you can only view ticket traces of your own",
        );
    }
}

pub(crate) fn unreadable_ranks_make_the_service_unready(kind: Kind) {
    let database = Database::with(kind, sample_records());
    let service = Service::with(&database.url(), &[("WTS_RECHECK_ACCESS", "on")]);
    let becomes = |status: u16| {
        wait_until(&format!("/readyz is {status}"), || {
            get(service.address(), "/readyz").status == status
        });
    };
    let (hidden, shown) = match kind {
        Kind::Sqlite => (
            "drop view users",
            "create view users as select sid from students",
        ),
        Kind::Postgres | Kind::WtsV3 => (
            "alter table wts.users rename to mislaid",
            "alter table wts.mislaid rename to users",
        ),
    };
    becomes(200);
    database.execute(hidden);
    becomes(503);
    database.execute(shown);
    becomes(200);
}
