//! Histories out of SQLite.
//!
//! SQLite answers in microseconds and on the calling thread. A few threads that do nothing else, each with its own
//! connection and its prepared statement, carry about three times what handing every call to a blocking pool does.

use std::{path::Path, thread, time::Duration};

use async_trait::async_trait;
use crossbeam_channel::{Receiver, Sender, TrySendError};
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};
use tokio::{sync::oneshot, time::timeout};
use wts_app::{HistoryRepository, RepositoryError};
use wts_domain::{TicketHistory, TicketId};

use super::{Mode, connect, tables::history_of};
use crate::{
    columns::AnyWidth,
    error::OpenError,
    history::{HistoryRow, history_from},
};

const READERS: usize = 2;
/// No ticket has this number.
const NO_TICKET: i64 = 0;
/// How many questions may wait before the service says that it is busy.
const QUEUE: usize = 1_024;
/// How long an answer may take, the wait included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads histories on threads of their own.
pub(crate) struct Histories {
    questions: Sender<Question>,
}

struct Question {
    ticket: i64,
    answer: oneshot::Sender<QueryResult<Vec<HistoryRow>>>,
}

impl Histories {
    /// Opens the file, starts the readers and reads a history that cannot be there, to prove that it can.
    pub(crate) async fn open(file: &Path) -> Result<Self, OpenError> {
        match file.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(OpenError::NoSuchFile(file.to_owned())),
            Err(error) => return Err(OpenError::Unreachable(error.into())),
        }
        let (questions, inbox) = crossbeam_channel::bounded(QUEUE);
        for number in 0..READERS {
            let connection =
                connect(file, Mode::Read).map_err(|error| OpenError::Unreachable(error.into()))?;
            let inbox = inbox.clone();
            thread::Builder::new()
                .name(format!("sqlite-reader-{number}"))
                .spawn(move || answer_all(connection, &inbox))
                .map_err(|error| OpenError::Unreachable(error.into()))?;
        }
        let histories = Self { questions };
        histories
            .rows(NO_TICKET)
            .await
            .map_err(|error| OpenError::Unreadable(error.into()))?;
        Ok(histories)
    }

    async fn rows(&self, ticket: i64) -> Result<Vec<HistoryRow>, ReadError> {
        let (answer, answered) = oneshot::channel();
        self.questions
            .try_send(Question { ticket, answer })
            .map_err(|refused| match refused {
                TrySendError::Full(_) => ReadError::Busy,
                TrySendError::Disconnected(_) => ReadError::Gone,
            })?;
        match timeout(ANSWER_TIMEOUT, answered).await {
            Ok(Ok(rows)) => rows.map_err(ReadError::Query),
            Ok(Err(_dropped)) => Err(ReadError::Gone),
            // Where others wait too it is the load; alone, it is the file.
            Err(_elapsed) if self.questions.is_empty() => Err(ReadError::TooSlow),
            Err(_elapsed) => Err(ReadError::Busy),
        }
    }
}

#[async_trait]
impl HistoryRepository for Histories {
    async fn find(&self, ticket: TicketId) -> Result<Option<TicketHistory>, RepositoryError> {
        match self.rows(ticket.get()).await {
            Ok(rows) => Ok(history_from(ticket, rows)),
            Err(ReadError::Busy) => Err(RepositoryError::Busy),
            Err(error) => Err(RepositoryError::Failed(error.into())),
        }
    }
}

/// A reader's life: it ends when the last of those who ask is gone.
fn answer_all(mut connection: SqliteConnection, inbox: &Receiver<Question>) {
    for question in inbox {
        // Whoever has stopped waiting needs no answer.
        if !question.answer.is_closed() {
            let rows = history_of(AnyWidth(question.ticket)).load(&mut connection);
            let _ = question.answer.send(rows);
        }
    }
}

/// Why no rows came back.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("too many reads are waiting")]
    Busy,
    #[error("no answer within {ANSWER_TIMEOUT:?}")]
    TooSlow,
    #[error("the readers are gone")]
    Gone,
    #[error("reading a history from tickets, ticket_traces, operators and students")]
    Query(#[source] diesel::result::Error),
}
