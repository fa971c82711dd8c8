//! Batches of histories out of SQLite.
//!
//! SQLite answers in microseconds and on the calling thread. A few threads that do nothing else, each with its own
//! connection and its prepared statement, carry about three times what handing every call to a blocking pool does.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    OptionalExtension, QueryResult, RunQueryDsl, SqliteConnection, connection::DefaultLoadingMode,
};
use tokio::{sync::oneshot, time::timeout};
use wts_domain::{StudentId, TicketId};

use super::{
    source::{Source, SourceError},
    statement::{HistoryRow, history_of, rank_of},
    unreadable,
};
use crate::{
    coalesced::{Asked, Bounds, Coalesced, Loaded, Loader, Read},
    columns::AnyWidth,
    error::{Cause, OpenError},
    history::{LONGEST_IN_COMPANY, RankRow, Rows, TRACES_IN_USE, ranked},
    measured::Measured,
    metrics::{NodeMetrics, OpenConnection},
    monitor::{self, Background, Probe, Pulse},
    settings::ReadSettings,
};

/// How many tickets a reader is asked for at once.
const BATCH: usize = 16;
/// No ticket has this number.
const NO_TICKET: i64 = 0;
/// No student has this number.
const NOBODY: &str = "";
/// When a reader stops going on with a batch. SQLite itself waits for a lock about as long.
const BATCH_LIMIT: Duration = Duration::from_secs(1);

/// Histories out of SQLite, read by as many threads as `settings` say and one for long histories.
///
/// Before that, reads a history that cannot be there, to prove that it can.
pub(crate) async fn histories(
    file: &Path,
    settings: &ReadSettings,
    metrics: &NodeMetrics,
) -> Result<Coalesced<Measured<Batches>>, OpenError> {
    match file.try_exists() {
        Ok(true) => {}
        Ok(false) => return Err(OpenError::NoSuchFile(file.to_owned())),
        Err(error) => return Err(OpenError::NoAccess(error.into())),
    }
    let lanes = (0..settings.lanes())
        .map(|_| Batches::open(file, LONGEST_IN_COMPANY, settings.answer_timeout, metrics))
        .collect::<Result<Vec<_>, _>>()?;
    let long = Batches::open(file, i64::MAX, settings.long_statement_timeout, metrics)?;
    long.ask(vec![NO_TICKET], Vec::new())
        .await
        .map_err(|error| match error {
            ReadError::Query(cause) => unreadable(cause),
            error => OpenError::Unreadable(error.into()),
        })?;
    let bounds = Bounds {
        batch: BATCH,
        queue: settings.queue.get(),
        patience: settings.queue_timeout,
        overdue: BATCH_LIMIT,
        in_use: None,
    };
    let long_bounds = Bounds {
        batch: 1,
        patience: settings.long_queue_timeout(),
        overdue: settings.long_statement_timeout,
        in_use: Some(TRACES_IN_USE),
        ..bounds
    };
    let measured = |batches| Measured::new(batches, metrics.clone());
    Ok(Coalesced::new(
        lanes.into_iter().map(measured),
        bounds,
        measured(long),
        long_bounds,
    ))
}

/// Looks after the file, with a reader of its own.
pub(crate) fn looked_after(
    name: &str,
    file: &Path,
    settings: &ReadSettings,
    metrics: &NodeMetrics,
    pulse: Pulse,
) -> Result<Background, OpenError> {
    let probe = LookedAfter {
        reader: Batches::open(file, LONGEST_IN_COMPANY, settings.answer_timeout, metrics)?,
        students: settings
            .ranks
            .then(|| StudentId::from(NOBODY))
            .into_iter()
            .collect(),
    };
    Ok(Background::run(monitor::watch(
        name.to_owned(),
        probe,
        pulse,
        settings.probe_interval,
        metrics.clone(),
    )))
}

/// A file, and who asks it whether it can be read.
struct LookedAfter {
    reader: Batches,
    /// Whose ranks it has to tell.
    students: Vec<StudentId>,
}

impl Probe for LookedAfter {
    async fn probe(&self) -> Result<(), Cause> {
        self.reader
            .ask(vec![NO_TICKET], self.students.clone())
            .await?;
        Ok(())
    }
}

/// Hands batch after batch to one reader.
pub(crate) struct Batches {
    questions: SyncSender<Question>,
    answer_timeout: Duration,
    _counted: OpenConnection,
}

struct Question {
    tickets: Vec<i64>,
    students: Vec<StudentId>,
    answer: oneshot::Sender<Answer>,
}

type Answer = Result<Read, ReadError>;

impl Batches {
    /// Opens the file and starts a reader of histories of up to `most` traces.
    fn open(
        file: &Path,
        most: i64,
        answer_timeout: Duration,
        metrics: &NodeMetrics,
    ) -> Result<Self, OpenError> {
        let source = Source::open(file).map_err(|error| OpenError::NoAccess(error.into()))?;
        let (questions, inbox) = sync_channel(1);
        thread::Builder::new()
            .name("sqlite-reader".to_owned())
            .spawn(move || {
                answer_all(source, &inbox, |connection, question| {
                    read(connection, question, most)
                });
            })
            .map_err(|error| OpenError::Unreachable(error.into()))?;
        Ok(Self {
            questions,
            answer_timeout,
            _counted: metrics.connection(),
        })
    }

    async fn ask(&self, tickets: Vec<i64>, students: Vec<StudentId>) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.questions
            .try_send(Question {
                tickets,
                students,
                answer,
            })
            .map_err(|refused| match refused {
                TrySendError::Full(_) => ReadError::TooSlow,
                TrySendError::Disconnected(_) => ReadError::Gone,
            })?;
        match timeout(self.answer_timeout, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_dropped)) => Err(ReadError::Gone),
            Err(_elapsed) => Err(ReadError::TooSlow),
        }
    }
}

impl Loader for Batches {
    async fn load(&self, asked: &Asked) -> Result<Read, Cause> {
        let tickets = asked.tickets.iter().map(|ticket| ticket.get()).collect();
        Ok(self.ask(tickets, asked.students.clone()).await?)
    }
}

/// A reader's life: it ends when nobody can ask any more, and no sooner, since nobody would take its place.
fn answer_all(
    mut source: Source,
    inbox: &Receiver<Question>,
    read: impl Fn(&mut SqliteConnection, &Question) -> Answer,
) {
    for question in inbox {
        // Whoever has stopped waiting needs no answer.
        if !question.answer.is_closed() {
            let answer = catch_unwind(AssertUnwindSafe(|| {
                let connection = source.connection().map_err(ReadError::Source)?;
                read(connection, &question)
            }))
            .unwrap_or_else(|_panic| {
                // Nobody knows in what state the connection is.
                source.distrust();
                Err(ReadError::Panicked)
            });
            let _ = question.answer.send(answer);
        }
    }
}

fn read(connection: &mut SqliteConnection, asked: &Question, most: i64) -> Answer {
    let tickets = &asked.tickets;
    let begun = Instant::now();
    let mut histories = Vec::with_capacity(tickets.len());
    for ticket in tickets.iter().copied() {
        if begun.elapsed() >= BATCH_LIMIT && !histories.is_empty() {
            return Err(ReadError::TooSlow);
        }
        match rows(connection, ticket, most) {
            Ok(rows) => histories.extend(rows.map(|rows| rows.finish(most))),
            Err(error) => match TicketId::new(ticket) {
                // One bad page, say, is no reason to keep the others from theirs.
                Some(ticket) if tickets.len() > 1 => {
                    histories.push((ticket, Loaded::Failed(ReadError::Query(error).into())));
                }
                _ => return Err(ReadError::Query(error)),
            },
        }
    }
    let mut ranks = Vec::with_capacity(asked.students.len());
    for student in &asked.students {
        let row = rank_of(student.as_str()).first::<RankRow>(connection);
        ranks.extend(row.optional().map_err(ReadError::Query)?.map(ranked));
    }
    Ok(Read { histories, ranks })
}

/// The rows of a history, no more of them than are needed to see that it has more than `most` traces.
fn rows(connection: &mut SqliteConnection, number: i64, most: i64) -> QueryResult<Option<Rows>> {
    let ticket = TicketId::new(number);
    let mut history = None;
    let rows =
        history_of(AnyWidth(number)).load_iter::<HistoryRow, DefaultLoadingMode>(connection)?;
    for (row, read) in rows.zip(0..) {
        let (issuer, trace, op_name) = row?;
        let Some(ticket) = ticket else {
            break; // nobody asked for it
        };
        let history = history.get_or_insert_with(|| Rows::new(ticket, issuer));
        if let Some(trace) = trace {
            history.push(trace, op_name.unwrap_or_default());
        }
        if read >= most {
            break;
        }
    }
    Ok(history)
}

/// Why a batch was not read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("no answer in time")]
    TooSlow,
    #[error("the reader is gone")]
    Gone,
    #[error("a bug made the reader panic")]
    Panicked,
    #[error(transparent)]
    Source(SourceError),
    #[error("reading from tickets, ticket_traces, operators and students")]
    Query(#[source] diesel::result::Error),
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::sqlite::{Mode, connect};

    #[tokio::test]
    async fn a_reader_outlives_a_bug() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("wts.db");
        drop(connect(&file, Mode::Create).unwrap());
        let source = Source::open(&file).unwrap();
        let (questions, inbox) = sync_channel(1);
        let reader = thread::spawn(move || {
            let asked = Cell::new(0);
            answer_all(source, &inbox, |_, _| {
                asked.set(asked.get() + 1);
                assert!(asked.get() != 1, "a bug");
                Ok(Read {
                    histories: Vec::new(),
                    ranks: Vec::new(),
                })
            });
        });
        let ask = async || {
            let (answer, answered) = oneshot::channel();
            let question = Question {
                tickets: Vec::new(),
                students: Vec::new(),
                answer,
            };
            questions.send(question).unwrap();
            answered.await.unwrap()
        };

        assert!(matches!(ask().await, Err(ReadError::Panicked)));
        assert!(ask().await.is_ok());
        drop(questions);
        reader.join().unwrap();
    }
}
