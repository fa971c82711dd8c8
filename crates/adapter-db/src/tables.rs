//! The SQLite tables, declared for diesel. PostgreSQL has the same tables in two schemas, and is queried with SQL text
//! instead.

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
    use diesel::sql_types::Text;
    use crate::sql_types::LabelColumn;

    operators (wid) {
        wid -> Text,
        sid -> Text,
        access -> LabelColumn,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql_types::{DateColumn, IdColumn, LabelColumn, TimestampColumn};

    tickets (tid) {
        tid -> IdColumn,
        issuer -> Text,
        submitted_at -> TimestampColumn,
        category -> LabelColumn,
        description -> Text,
        occur_at -> Nullable<TimestampColumn>,
        notes -> Nullable<Text>,
        appointed_at -> Nullable<DateColumn>,
        priority -> LabelColumn,
        status -> LabelColumn,
        last_updated_at -> Nullable<TimestampColumn>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql_types::{DateColumn, IdColumn, LabelColumn, TimestampColumn};

    ticket_traces (opid) {
        opid -> IdColumn,
        tid -> IdColumn,
        updated_at -> TimestampColumn,
        op -> Text,
        new_status -> Nullable<LabelColumn>,
        new_priority -> Nullable<LabelColumn>,
        new_appointment -> Nullable<DateColumn>,
        new_category -> Nullable<LabelColumn>,
        remark -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(students, users, operators, tickets, ticket_traces);

/// The tables and columns that serving histories needs.
pub(crate) const REQUIRED_COLUMNS: &[(&str, &str)] = &[
    ("students", "sid"),
    ("students", "name"),
    ("operators", "wid"),
    ("operators", "sid"),
    ("tickets", "tid"),
    ("tickets", "issuer"),
    ("ticket_traces", "opid"),
    ("ticket_traces", "tid"),
    ("ticket_traces", "updated_at"),
    ("ticket_traces", "op"),
    ("ticket_traces", "new_status"),
    ("ticket_traces", "new_priority"),
    ("ticket_traces", "new_appointment"),
    ("ticket_traces", "new_category"),
    ("ticket_traces", "remark"),
];

/// The columns that an export needs in addition to [`REQUIRED_COLUMNS`].
pub(crate) const EXPORTED_COLUMNS: &[(&str, &str)] = &[
    ("operators", "access"),
    ("tickets", "submitted_at"),
    ("tickets", "category"),
    ("tickets", "description"),
    ("tickets", "occur_at"),
    ("tickets", "notes"),
    ("tickets", "appointed_at"),
    ("tickets", "priority"),
    ("tickets", "status"),
    ("tickets", "last_updated_at"),
];
