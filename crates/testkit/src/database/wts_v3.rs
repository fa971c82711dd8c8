//! The WTS v3 database, built from its description.

use anyhow::Context;
use tokio_postgres::{
    Client,
    types::{IsNull, ToSql, Type, private::BytesMut},
};
use wts_adapter_db::Records;

/// Its schema, triggers and the two operators that always exist.
pub(super) const SCHEMA: &str = include_str!("wts_v3.sql");

/// A value in PostgreSQL's binary form, whatever the type of the column: an enum takes its label, an `integer` four
/// bytes. `None` is null.
#[derive(Debug)]
struct Binary(Option<Vec<u8>>);

impl Binary {
    fn text(text: &(impl ToString + ?Sized)) -> Self {
        Self(Some(text.to_string().into_bytes()))
    }

    fn int(number: i64) -> Self {
        let number = i32::try_from(number).expect("ids of a WTS v3 database have 32 bits");
        Self(Some(number.to_be_bytes().to_vec()))
    }
}

fn moment(moment: wts_domain::Timestamp) -> Binary {
    Binary(Some(moment.micros_since_2000().to_be_bytes().to_vec()))
}

fn day(day: wts_domain::Day) -> Binary {
    Binary(Some(day.days_since_2000().to_be_bytes().to_vec()))
}

fn or_null(value: Option<Binary>) -> Binary {
    value.unwrap_or(Binary(None))
}

impl ToSql for Binary {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// Inserts records as they are: no trigger fires.
pub(super) async fn insert(client: &Client, records: &Records) -> anyhow::Result<()> {
    client
        .batch_execute("set session_replication_role = replica")
        .await?;
    for student in &records.students {
        let values = [Binary::text(&student.sid), Binary::text(&student.name)];
        row(client, "data.students (sid, name)", &values).await?;
        let values = [
            Binary::text(&student.sid),
            Binary::text(&format!("wx-{}", student.sid)),
        ];
        row(client, "wts.users (sid, wx)", &values).await?;
    }
    for operator in &records.operators {
        let values = [
            Binary::text(&operator.wid),
            Binary::text(&operator.sid),
            Binary::text(&operator.access),
            Binary(Some(vec![0])),
        ];
        row(client, "wts.operators (wid, sid, access, female)", &values).await?;
    }
    for ticket in &records.tickets {
        let values = [
            Binary::int(ticket.id.get()),
            Binary::text(&ticket.issuer),
            moment(ticket.submitted_at),
            Binary::text(&ticket.category),
            Binary::text(&ticket.description),
            or_null(ticket.occur_at.map(moment)),
            or_null(ticket.notes.as_ref().map(Binary::text)),
            or_null(ticket.appointed_at.map(day)),
            Binary::text(&ticket.priority),
            Binary::text(&ticket.status),
            or_null(ticket.last_updated_at.map(moment)),
        ];
        let columns = "tid, issuer, submitted_at, category, description, occur_at, notes, appointed_at, priority, \
                       status, last_updated_at";
        row(client, &format!("wts.tickets ({columns})"), &values).await?;
    }
    for trace in &records.traces {
        let values = [
            Binary::int(trace.id.get()),
            Binary::int(trace.ticket.get()),
            moment(trace.updated_at),
            Binary::text(&trace.op),
            or_null(trace.new_status.as_ref().map(Binary::text)),
            or_null(trace.new_priority.as_ref().map(Binary::text)),
            or_null(trace.new_appointment.map(day)),
            or_null(trace.new_category.as_ref().map(Binary::text)),
            Binary::text(&trace.remark),
        ];
        let columns = "opid, tid, updated_at, op, new_status, new_priority, new_appointment, new_category, remark";
        row(client, &format!("wts.ticket_traces ({columns})"), &values).await?;
    }
    Ok(())
}

async fn row(client: &Client, table_and_columns: &str, values: &[Binary]) -> anyhow::Result<()> {
    let parameters: Vec<_> = (1..=values.len())
        .map(|number| format!("${number}"))
        .collect();
    let sql = format!(
        "insert into {table_and_columns} overriding system value values ({})",
        parameters.join(", ")
    );
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    // The two operators that always exist may be among the records.
    client
        .execute(&format!("{sql} on conflict do nothing"), &values)
        .await
        .with_context(|| sql)?;
    Ok(())
}
