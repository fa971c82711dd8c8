//! The time that a ticket spent in each status: the lengths, and the cells of a bar.

use wts_domain::{Status, StatusPeriod, TicketState, Timestamp};

/// The time in one status, over all its periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeInStatus {
    pub(super) status: Status,
    /// `None` if the length of a period is unknown.
    pub(super) seconds: Option<i64>,
    pub(super) periods: usize,
}

/// The periods of a state with their lengths, oldest first. The open period ends `now`.
pub(super) struct Timeline(Vec<(Status, Option<i64>)>);

impl Timeline {
    /// Creates the timeline of a state. The open period of a solved or canceled ticket does not count, because the work has
    /// ended.
    pub(super) fn new(state: &TicketState, now: Timestamp) -> Self {
        let has_ended = |period: &&StatusPeriod| {
            period.until.is_none() && matches!(period.status, Status::Solved | Status::Canceled)
        };
        let periods = state.time_in_status.iter();
        let periods = periods.filter(|period| !has_ended(period));
        Self(
            periods
                .map(|period| (period.status, length(period, now)))
                .collect(),
        )
    }

    /// Returns the time in each status, in the order in which the statuses first occurred.
    pub(super) fn by_status(&self) -> Vec<TimeInStatus> {
        let mut times: Vec<TimeInStatus> = Vec::new();
        for (status, seconds) in &self.0 {
            if let Some(time) = times.iter_mut().find(|time| time.status == *status) {
                time.seconds = time.seconds.zip(*seconds).map(|(sum, length)| sum + length);
                time.periods += 1;
            } else {
                times.push(TimeInStatus {
                    status: *status,
                    seconds: *seconds,
                    periods: 1,
                });
            }
        }
        times
    }

    /// Returns the sum of all known lengths.
    pub(super) fn total(&self) -> i64 {
        self.known().map(|(_, seconds)| seconds).sum()
    }

    /// Returns the status of each cell of a bar with `width` cells, empty if no period has a length.
    ///
    /// Every period gets at least one cell. If there are more periods than cells, a cell has the status at its middle.
    pub(super) fn cells(&self, width: usize) -> Vec<Status> {
        let periods: Vec<_> = self.known().filter(|(_, seconds)| *seconds > 0).collect();
        let total: i128 = periods
            .iter()
            .map(|(_, seconds)| i128::from(*seconds))
            .sum();
        let cells = i128::try_from(width).unwrap_or_default();
        let shared = cells - i128::try_from(periods.len()).unwrap_or_default();
        let mut bar = Vec::with_capacity(width);
        let mut end = 0;
        for (index, (status, seconds)) in (1..).zip(periods) {
            end += i128::from(seconds);
            // Each end is rounded by itself, so that rounding errors do not add up.
            let rounded = |cells: i128| (2 * cells * end + total) / (2 * total);
            let last_cell = if shared >= 0 {
                index + rounded(shared)
            } else {
                rounded(cells)
            };
            bar.resize(usize::try_from(last_cell).unwrap_or_default(), status);
        }
        bar
    }

    fn known(&self) -> impl Iterator<Item = (Status, i64)> {
        let periods = self.0.iter();
        periods.filter_map(|(status, seconds)| Some((*status, (*seconds)?)))
    }
}

/// Returns the length of a period in seconds; an open period ends at `now`. `None` if an end is infinite or the period begins
/// after `now`.
pub(super) fn length(period: &StatusPeriod, now: Timestamp) -> Option<i64> {
    let mut period = *period;
    period.until = period.until.or(Some(now));
    period.seconds().filter(|seconds| *seconds >= 0)
}

#[cfg(test)]
mod tests {
    use Status::{Canceled, Delay, Fresh, Scheduled, Solved};
    use wts_domain::{StaffId, TicketId, Trace, TraceId};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds).unwrap()
    }

    /// Returns the timeline, at second 100, of a ticket that gets these statuses at these times.
    fn timeline(statuses: &[(Status, Timestamp)]) -> Timeline {
        let traces = statuses.iter().map(|(status, at)| {
            let ticket = TicketId::new(1).unwrap();
            let mut trace = Trace::new(TraceId::new(1), ticket, *at, StaffId::from("-1"));
            trace.new_status = Some(*status);
            trace
        });
        let traces: Vec<_> = traces.collect();
        Timeline::new(&TicketState::from_traces(&traces), at(100))
    }

    fn cells(statuses: &[(Status, i64)], width: usize) -> String {
        let statuses: Vec<_> = statuses
            .iter()
            .map(|(status, from)| (*status, at(*from)))
            .collect();
        let cells = timeline(&statuses).cells(width);
        cells
            .iter()
            .filter_map(|status| status.as_str().chars().next())
            .collect()
    }

    #[test]
    fn cells_are_proportional_and_every_period_has_one() {
        assert_eq!(cells(&[(Fresh, 0), (Delay, 50)], 10), "fffffddddd");
        assert_eq!(cells(&[(Fresh, 0), (Delay, 1)], 10), "fddddddddd");
        assert_eq!(
            cells(&[(Fresh, 0), (Delay, 99), (Solved, 100)], 10),
            "fffffffffd"
        );
        assert_eq!(
            cells(&[(Fresh, 0), (Delay, 40), (Fresh, 41), (Delay, 42)], 5),
            "fdfdd"
        );
    }

    #[test]
    fn cells_are_samples_if_there_are_more_periods_than_cells() {
        let periods = [
            (Fresh, 0),
            (Delay, 40),
            (Fresh, 41),
            (Delay, 42),
            (Scheduled, 60),
        ];
        assert_eq!(cells(&periods, 4), "ffss");
        assert_eq!(cells(&periods, 1), "d");
        let many: Vec<_> = (0..100)
            .map(|n| (if n % 2 == 0 { Fresh } else { Delay }, n))
            .collect();
        assert_eq!(cells(&many, 30).len(), 30);
    }

    #[test]
    fn last_period_of_a_finished_ticket_has_no_length() {
        assert_eq!(cells(&[(Fresh, 0), (Solved, 10)], 4), "ffff");
        assert_eq!(cells(&[(Solved, 0)], 4), "");
        let reopened = timeline(&[
            (Fresh, at(0)),
            (Solved, at(10)),
            (Fresh, at(30)),
            (Canceled, at(31)),
        ]);
        let times: Vec<_> = reopened.by_status();
        let time = |status, seconds, periods| TimeInStatus {
            status,
            seconds: Some(seconds),
            periods,
        };
        assert_eq!(times, [time(Fresh, 11, 2), time(Solved, 20, 1)]);
        assert_eq!(reopened.total(), 31);
    }

    #[test]
    fn period_with_an_infinite_end_or_in_the_future_has_no_length() {
        for periods in [
            [(Fresh, Timestamp::NEG_INFINITY), (Delay, at(101))],
            [
                (Fresh, Timestamp::NEG_INFINITY),
                (Delay, Timestamp::INFINITY),
            ],
        ] {
            let timeline = timeline(&periods);
            assert!(
                timeline
                    .by_status()
                    .iter()
                    .all(|time| time.seconds.is_none())
            );
            assert_eq!(timeline.cells(10), []);
        }
        let far = Timestamp::from_micros_since_2000(i64::MIN + 1);
        let timeline = timeline(&[(Fresh, far), (Delay, at(0)), (Fresh, at(50))]);
        assert_eq!(timeline.cells(10).len(), 10);
    }
}
