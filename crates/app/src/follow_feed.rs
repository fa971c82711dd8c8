//! The use case that follows the feed from its present end, without a check of access: for administrators.

use std::sync::Arc;

use wts_domain::{Trace, TraceId};

use crate::{
    feed_repository::{FeedFilter, FeedPosition, FeedRepository, PageQuery, TracePage},
    history_repository::RepositoryError,
};

/// The maximum number of traces of a page.
const PAGE_TRACES: usize = 1_000;

/// The use case that follows the feed. It returns every settled trace that meets the filter exactly once, in ascending
/// order of the ids. After an error, a call can be repeated.
pub struct FollowFeed {
    feed: Arc<dyn FeedRepository>,
    filter: FeedFilter,
    position: FeedPosition,
}

impl FollowFeed {
    /// Follows the feed after the trace `id`, which need not exist.
    pub fn after(feed: Arc<dyn FeedRepository>, filter: FeedFilter, id: TraceId) -> Self {
        Self {
            feed,
            filter,
            position: FeedPosition::After(id),
        }
    }

    /// Follows the feed after the last settled trace. Also returns the last `count` settled traces that meet the filter, in
    /// ascending order.
    ///
    /// # Errors
    ///
    /// Returns [`RepositoryError::Busy`] until the first settled position is found, and the other errors of
    /// [`FeedRepository::read_page`].
    pub async fn from_end(
        feed: Arc<dyn FeedRepository>,
        filter: FeedFilter,
        count: usize,
    ) -> Result<(Self, Vec<Trace>), RepositoryError> {
        let end = PageQuery {
            start: FeedPosition::End,
            limit: 1,
            filter: FeedFilter::default(),
        };
        let position = feed.read_page(&end).await?.next;
        // Later traces are not settled, so they are returned when they are followed.
        let mut start = match position {
            FeedPosition::After(id) => {
                FeedPosition::Before(TraceId::new(id.get().saturating_add(1)))
            }
            position => position,
        };
        let mut last = Vec::new();
        while last.len() < count {
            let query = PageQuery {
                start,
                limit: PAGE_TRACES.min(count - last.len()),
                filter: filter.clone(),
            };
            let page = feed.read_page(&query).await?;
            last.extend(page.traces);
            if !page.has_more {
                break;
            }
            start = page.next;
        }
        last.reverse();
        let follower = Self {
            feed,
            filter,
            position,
        };
        Ok((follower, last))
    }

    /// Returns the next page. It is empty if there are no new traces.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`FeedRepository::read_page`].
    pub async fn next_page(&mut self) -> Result<TracePage, RepositoryError> {
        let query = PageQuery {
            start: self.position,
            limit: PAGE_TRACES,
            filter: self.filter.clone(),
        };
        let page = self.feed.read_page(&query).await?;
        self.position = page.next;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use wts_domain::{StaffId, TicketId, Timestamp};

    use super::*;
    use crate::feed_repository::MockFeedRepository;

    fn trace(id: i64) -> Trace {
        let ticket = TicketId::new(1).unwrap();
        let at = Timestamp::from_micros_since_2000(id);
        Trace::new(TraceId::new(id), ticket, at, StaffId::USER.into())
    }

    /// Returns a feed of the traces 1 to 2500, of which those up to 2498 are settled.
    fn feed() -> MockFeedRepository {
        let mut feed = MockFeedRepository::new();
        feed.expect_read_page().returning(|query| {
            let settled = 2_498;
            let ids: Vec<i64> = match query.start {
                FeedPosition::End => Vec::new(),
                FeedPosition::After(id) => (id.get() + 1..=settled).collect(),
                FeedPosition::Before(id) => (1..id.get()).rev().collect(),
                start => unreachable!("{start:?}"),
            };
            let has_more = ids.len() > query.limit;
            let traces: Vec<_> = ids.into_iter().take(query.limit).map(trace).collect();
            let last = traces.last().map(|trace| trace.id);
            let next = match query.start {
                FeedPosition::Before(_) => FeedPosition::Before(last.unwrap_or(TraceId::new(0))),
                _ => FeedPosition::After(last.unwrap_or(TraceId::new(settled))),
            };
            Ok(TracePage {
                traces,
                next,
                has_more,
                settled: None,
            })
        });
        feed
    }

    fn ids(traces: &[Trace]) -> Vec<i64> {
        traces.iter().map(|trace| trace.id.get()).collect()
    }

    #[tokio::test]
    async fn last_traces_are_settled_and_in_ascending_order() {
        for count in [0, 1, 10, 1_000, 2_400, 3_000] {
            let begun = FollowFeed::from_end(Arc::new(feed()), FeedFilter::default(), count);
            let (mut follower, last) = begun.await.unwrap();
            let first = 2_499 - i64::try_from(count).unwrap().min(2_498);
            assert_eq!(ids(&last), (first..=2_498).collect::<Vec<_>>());
            assert_eq!(follower.next_page().await.unwrap().traces, []);
        }
    }

    #[tokio::test]
    async fn pages_after_an_id_follow_each_other() {
        let filter = FeedFilter::default();
        let mut follower = FollowFeed::after(Arc::new(feed()), filter, TraceId::new(7));
        let mut seen = Vec::new();
        loop {
            let page = follower.next_page().await.unwrap();
            seen.extend(ids(&page.traces));
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, (8..=2_498).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn page_that_failed_is_read_again() {
        let mut failing = MockFeedRepository::new();
        failing
            .expect_read_page()
            .times(1)
            .return_once(|_| Err(RepositoryError::Busy));
        failing
            .expect_read_page()
            .times(1)
            .withf(|query| query.start == FeedPosition::After(TraceId::new(7)))
            .return_once(|_| {
                Ok(TracePage {
                    traces: vec![trace(8)],
                    next: FeedPosition::After(TraceId::new(8)),
                    has_more: false,
                    settled: None,
                })
            });
        let filter = FeedFilter::default();
        let mut follower = FollowFeed::after(Arc::new(failing), filter, TraceId::new(7));
        follower.next_page().await.unwrap_err();
        assert_eq!(ids(&follower.next_page().await.unwrap().traces), [8]);
    }
}
