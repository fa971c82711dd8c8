//! Many questions, one statement: a decorator of the port that gathers what is asked while the database is at work.
//!
//! While a batch is on its way, the questions that arrive wait together and become the next one. A question joins only a
//! batch that has not been sent, so its answer is as fresh as that of a statement of its own. Asked one at a time, every
//! question is a batch of one and waits for nothing.
//!
//! There is a lane for each thread that serves requests, so that a question, its batch and its answer stay on one
//! thread; and a last lane for histories too long to be read in company.

mod batch;
mod lane;

use std::{
    error::Error,
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use tokio::runtime::Handle;
use wts_app::{HistoryRepository, RepositoryError};
use wts_domain::{Access, StudentId, TicketHistory, TicketId};

pub(crate) use self::lane::Bounds;
use self::lane::Lane;
use crate::error::Cause;

/// What batches are loaded by.
pub(crate) trait Loader: Send + Sync + 'static {
    /// Reads what is asked for as it is now or later; of a ticket or a student that does not exist it says nothing. It is
    /// not asked again before it has answered, and gives up by itself in the end.
    ///
    /// # Errors
    ///
    /// What kept it from reading any of them.
    fn load(&self, asked: &Asked) -> impl Future<Output = Result<Read, Cause>> + Send;
}

/// What one batch is about, each given once.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Whose histories are wanted.
    pub(crate) tickets: Vec<TicketId>,
    /// Whose ranks are wanted.
    pub(crate) students: Vec<StudentId>,
}

/// What was read for a batch.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) histories: Vec<(TicketId, Loaded)>,
    /// Those of the students who are known.
    pub(crate) ranks: Vec<(StudentId, Access)>,
}

/// What became of one ticket of a batch.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// Its history.
    Whole(TicketHistory),
    /// Its history would hold up the others of the batch, and was not read.
    TooLong,
    /// Its history cannot be read, but those of the others can.
    Failed(Cause),
}

/// A repository that reads in batches.
pub(crate) struct Coalesced<L> {
    lanes: Vec<Arc<Lane<L>>>,
    /// Where histories are read that are [`Loaded::TooLong`] in the other lanes.
    long: Arc<Lane<L>>,
}

impl<L: Loader> Coalesced<L> {
    /// A lane for each of the loaders, and one for long histories, whose loader finds none too long and works on the
    /// runtime that this is called on.
    pub(crate) fn new(
        loaders: impl IntoIterator<Item = L>,
        bounds: Bounds,
        long: L,
        long_bounds: Bounds,
    ) -> Self {
        let lanes = loaders.into_iter();
        Self {
            lanes: lanes
                .map(|loader| Arc::new(Lane::new(loader, bounds)))
                .collect(),
            long: Arc::new(Lane::new(long, long_bounds).apart(Handle::try_current().ok())),
        }
    }

    /// The lane of this thread.
    fn lane(&self) -> &Arc<Lane<L>> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let number = NUMBER.with(|number| *number);
        number
            .checked_rem(self.lanes.len())
            .and_then(|lane| self.lanes.get(lane))
            .unwrap_or(&self.long)
    }
}

#[async_trait]
impl<L: Loader> HistoryRepository for Coalesced<L> {
    async fn find(&self, ticket: TicketId) -> Result<Option<Arc<TicketHistory>>, RepositoryError> {
        let (history, _) = self.ask(ticket, None).await?;
        Ok(history)
    }

    async fn find_with_rank(
        &self,
        ticket: TicketId,
        student: &StudentId,
    ) -> Result<(Option<Arc<TicketHistory>>, Access), RepositoryError> {
        self.ask(ticket, Some(student)).await
    }
}

impl<L: Loader> Coalesced<L> {
    async fn ask(
        &self,
        ticket: TicketId,
        student: Option<&StudentId>,
    ) -> Result<Found, RepositoryError> {
        let answer = match self.lane().find(ticket, student).await {
            Err(Unanswered::TooLong) => self.long.find(ticket, student).await,
            answer => answer,
        };
        answer.map_err(|unanswered| match unanswered {
            Unanswered::Busy => RepositoryError::Busy,
            Unanswered::Failed(cause) => RepositoryError::Failed(cause.into()),
            Unanswered::TooLong => RepositoryError::Failed("too long for every lane".into()),
        })
    }
}

/// The history of a ticket, and the rank of the student whose rank was wanted, if anybody's was.
type Found = (Option<Arc<TicketHistory>>, Access);

/// What a lane tells one who asks.
type Answer = Result<Found, Unanswered>;

/// Why a lane has no history to give.
#[derive(Debug, Clone)]
enum Unanswered {
    TooLong,
    /// There is more to do than can be done in time.
    Busy,
    Failed(SharedCause),
}

/// One cause, told to each of those who waited.
#[derive(Debug, Clone)]
struct SharedCause(Arc<dyn Error + Send + Sync>);

impl SharedCause {
    fn new(cause: Cause) -> Self {
        Self(Arc::from(cause))
    }
}

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SharedCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests;
