//! The tables in SQLite, for diesel. PostgreSQL has the same tables in two schemas, and is queried in SQL.

diesel::table! {
    students (sid) {
        sid -> Text,
        name -> Text,
    }
}

diesel::table! {
    users (sid) {
        sid -> Text,
    }
}

diesel::table! {
    operators (wid) {
        wid -> Text,
        sid -> Text,
        access -> Text,
    }
}

diesel::table! {
    tickets (tid) {
        tid -> BigInt,
        issuer -> Text,
        submitted_at -> BigInt,
        category -> Text,
        description -> Text,
        occur_at -> Nullable<BigInt>,
        notes -> Nullable<Text>,
        appointed_at -> Nullable<BigInt>,
        priority -> Text,
        status -> Text,
        last_updated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ticket_traces (opid) {
        opid -> BigInt,
        tid -> BigInt,
        updated_at -> BigInt,
        op -> Text,
        new_status -> Nullable<Text>,
        new_priority -> Nullable<Text>,
        new_appointment -> Nullable<BigInt>,
        new_category -> Nullable<Text>,
        remark -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(students, users, operators, tickets, ticket_traces);
