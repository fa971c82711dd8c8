//! A SQLite file in a temporary directory.

use std::path::Path;

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types,
};
use tempfile::TempDir;

use crate::records::{Records, Value};

pub(super) struct SqliteFile {
    directory: TempDir,
}

impl SqliteFile {
    pub(super) fn new() -> Self {
        let directory = tempfile::Builder::new()
            // The name has characters that are valid in a path but have a special meaning in a URI.
            .prefix("wts test ?#%-")
            .tempdir()
            .expect("the temporary directory is created");
        Self { directory }
    }

    fn file(&self) -> String {
        self.directory.path().join("wts.db").display().to_string()
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.file())
    }

    /// Inserts all records in one transaction.
    pub(super) fn insert(&self, records: &Records) {
        let statements = records.rows().map(|row| {
            let values: Vec<_> = row.values.iter().map(literal).collect();
            let (table, columns, values) = (row.table, row.columns, values.join(", "));
            format!("insert into {table} ({columns}) values ({values});")
        });
        let statements: String = statements.collect();
        self.execute(&format!("begin immediate; {statements} commit"));
    }

    pub(super) fn execute(&self, sql: &str) {
        write_sqlite(Path::new(&self.file()), sql);
    }

    /// Returns the column `text` of a query.
    pub(super) fn query_texts(&self, sql: &str) -> Vec<String> {
        let mut connection = SqliteConnection::establish(&self.file()).expect("the file opens");
        let rows: Vec<Row> = sql_query(sql)
            .load(&mut connection)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|row| row.text).collect()
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Text)]
    text: String,
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Id(id) => id.to_string(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Time(time) => time.micros_since_2000().to_string(),
        Value::Date(day) => day.days_since_2000().to_string(),
    }
}

/// Runs SQL statements on a SQLite file.
pub fn write_sqlite(file: &Path, sql: &str) {
    let file = file.to_str().expect("the path is UTF-8");
    let mut connection = SqliteConnection::establish(file).expect("the file opens");
    connection
        .batch_execute("pragma busy_timeout = 10000; pragma foreign_keys = on")
        .and_then(|()| connection.batch_execute(sql))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}
