//! Tests of `include`, `as_of` and CSV.

use serde_json::{Value, json};
use wts_domain::Access;
use wts_testkit::{ALICE, BOB, Database, Kind, sample_records};

use crate::{
    PATH, served,
    support::{Service, token},
};

fn get(service: &Service, query: &str) -> crate::Response {
    service.get(&format!("{PATH}?{query}"), &token(BOB, Access::Dev))
}

pub(crate) fn changes_and_state_follow_the_documented_example(kind: Kind) {
    let (service, _database) = served(kind);

    let response = get(&service, "tid=123&include=changes,state");

    assert_eq!(response.status, 200);
    let body = response.json();
    let added = |index: usize| {
        let trace = &body["traces"][index];
        json!({"actor": trace["actor"], "changes": trace["changes"]})
    };
    assert_eq!(
        added(0),
        json!({"actor": "system", "changes": [
            {"field": "status", "from": "", "to": "fresh"},
            {"field": "priority", "from": "", "to": "mainline"},
        ]})
    );
    assert_eq!(
        added(1),
        json!({"actor": "operator", "changes": [{"field": "status", "from": "fresh", "to": "solved"}]})
    );
    let expected = json!({
        "status": "solved",
        "priority": "mainline",
        "category": "",
        "appointment": "",
        "status_since": "2025-12-06T15:30:00Z",
        "created_at": "2025-12-06T10:00:00Z",
        "last_updated_at": "2025-12-06T15:30:00Z",
        "time_in_status": [
            {"status": "fresh", "from": "2025-12-06T10:00:00Z", "until": "2025-12-06T15:30:00Z", "seconds": 19_800},
            {"status": "solved", "from": "2025-12-06T15:30:00Z", "until": "", "seconds": null},
        ],
        "findings": [],
    });
    assert_eq!(body["state"], expected);

    let earlier = get(
        &service,
        "tid=123&include=state&as_of=2025-12-06T18:00:00%2B08:00",
    );
    assert_eq!(earlier.opids(), [1]);
    assert_eq!(earlier.json()["state"]["status"], "fresh");

    let csv = get(&service, "tid=124&format=csv&include=changes");
    let header = "attachment; filename=\"ticket-124.csv\"";
    assert_eq!(csv.header("content-disposition"), Some(header));
    let expected = concat!(
        "\u{feff}opid,tid,updated_at,op,op_name,new_status,new_priority,new_appointment,new_category,remark,",
        "actor,status_from,priority_from,appointment_from,category_from\r\n",
        "9,124,2025-12-06T10:00:00Z,-2,用户,,,,,\"最早的一条,编号却最大\",user,,,,\r\n",
        "2,124,2025-12-06T10:01:00Z,-2,用户,scheduled,in-passing,2025-12-08T00:00:00Z,client-or-account,,user,,,,\r\n",
        "5,124,2025-12-06T10:01:00Z,W007,詹姆斯,,,,,\"\"\"引号\"\" \\ 反斜杠\n换行\t制表 😀 \u{10FFFF}\",operator,,,,\r\n",
    );
    assert_eq!(csv.body, expected);
}

#[test]
fn state_of_no_traces_has_a_finding() {
    let (service, _database) = served(Kind::Sqlite);
    let body = get(&service, "tid=125&include=changes,state").json();
    assert_eq!(body["traces"], json!([]));
    assert_eq!(body["state"]["findings"], json!(["no_traces"]));
}

#[test]
fn parameters_are_checked_before_the_ticket() {
    let (service, _database) = served(Kind::Sqlite);
    for (query, name) in [
        ("include=changes&include=state", "include"),
        ("include=all", "include"),
        ("as_of=2025-12-06", "as_of"),
        ("format=pdf", "format"),
        ("format=csv&include=state", "include"),
    ] {
        for ticket in [123, 999] {
            let response = get(&service, &format!("tid={ticket}&{query}"));
            let body = response.json();
            assert_eq!(
                (response.status, &body["errType"]),
                (400, &json!(2)),
                "{query}"
            );
            let start = format!("invalid {name} parameter: ");
            assert!(body["msg"].as_str().unwrap().starts_with(&start), "{body}");
        }
    }
}

/// The triggers of a WTS v3 database write the first trace and carry new values over to the ticket. The state that results
/// from the traces must equal the ticket.
#[test]
fn state_equals_the_ticket_that_the_triggers_of_wts_v3_wrote() {
    const STORY: &str = "
        insert into wts.tickets (issuer, submitted_at, category, description, appointed_at)
            values ('2024310001', now(), 'low-speed', '断网', '2025-12-08');
        insert into wts.ticket_traces (tid, updated_at, op, new_status, new_appointment, remark)
            select max(tid), now() + interval '1 hour', 'W007', 'scheduled', '2025-12-08', '=明天' from wts.tickets;
        insert into wts.ticket_traces (tid, updated_at, op, new_status, new_priority, remark)
            select max(tid), now() + interval '2 hours', 'W007', 'escalated', 'highest', '上报' from wts.tickets;
        insert into wts.ticket_traces (tid, updated_at, op, new_status, new_category, remark)
            select max(tid), now() + interval '3 hours', '-1', 'solved', 'others', '' from wts.tickets;
        do $$ begin assert (select (status, priority, category, appointed_at)
            = ('solved'::wts.status, 'highest'::wts.priority, 'others'::wts.category, date '2025-12-08')
            from wts.tickets order by tid desc limit 1); end $$";
    let database = Database::with(Kind::WtsV3, sample_records());
    // The ids of the sample data were inserted without the sequences.
    database.execute(
        "alter table wts.tickets alter tid restart with 1000;
         alter table wts.ticket_traces alter opid restart with 1000;",
    );
    database.execute(STORY);
    let service = Service::on(&database.url());

    let own = service.get(
        &format!("{PATH}?tid=1000&include=changes,state"),
        &token(ALICE, Access::User),
    );

    assert_eq!(own.opids(), [1000, 1001, 1002, 1003]);
    let body = own.json();
    let state = &body["state"];
    for (member, value) in [
        ("status", "solved"),
        ("priority", "highest"),
        ("category", "others"),
        ("appointment", "2025-12-08"),
    ] {
        assert_eq!(state[member], value, "{member}");
    }
    assert_eq!(state["findings"], json!([]));
    let traces = body["traces"].as_array().unwrap();
    let actors: Vec<_> = traces.iter().map(|trace| &trace["actor"]).collect();
    assert_eq!(actors, ["user", "operator", "operator", "system"]);
    // The second trace sets the appointment again, which is not a change.
    assert_eq!(
        body["traces"][1]["changes"],
        json!([{"field": "status", "from": "fresh", "to": "scheduled"}])
    );
    let periods = state["time_in_status"].as_array().unwrap();
    let seconds: Vec<_> = periods.iter().map(|period| &period["seconds"]).collect();
    assert_eq!(
        seconds,
        [&json!(3_600), &json!(3_600), &json!(3_600), &Value::Null]
    );
    let csv = get(&service, "tid=1000&format=csv").body;
    assert!(csv.contains(",'=明天\r\n"), "{csv}");
}
