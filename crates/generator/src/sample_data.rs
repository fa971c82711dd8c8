//! The parameters, students and staff members of the sample data.

use fastrand::Rng;
use wts_domain::{Access, StaffId, StaffMember, StudentId, TicketId};

use crate::phrases::{GIVEN_NAMES, SURNAMES, UNUSUAL_NAMES};

/// The id of the first ticket, which is the example of the API document.
const FIRST_TICKET: i64 = 123;
/// The student number of the first student outside the staff.
const FIRST_STUDENT: u64 = 2_024_310_001;
/// The student number of the first staff member.
const FIRST_STAFF_STUDENT: u64 = 2_022_310_001;
const MIN_STUDENTS: u64 = 240;
const MIN_STAFF: u64 = 16;
/// The maximum number of staff members, so that their numbers have three digits.
const MAX_STAFF: u64 = 800;

/// The parameters of a sample data set. The first ticket is always the example of the API document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleData {
    /// The seed of the random number generator.
    pub seed: u64,
    /// The number of tickets.
    pub tickets: u64,
    /// The number of days on which tickets are submitted and processed, starting with 2025-12-06. At least two days are
    /// used.
    pub days: u32,
}

impl SampleData {
    /// Returns the student number of the student with this index. Student 0 submitted the example of the API document.
    pub fn student(&self, index: u64) -> StudentId {
        StudentId::from((FIRST_STUDENT + index).to_string())
    }

    /// Returns the number of students outside the staff.
    pub(crate) fn student_count(&self) -> u64 {
        (self.tickets / 4).max(MIN_STUDENTS)
    }

    /// Returns the staff members, including the entries for the system and for users. W007 solved the example of the
    /// API document.
    pub fn staff(&self) -> Vec<StaffMember> {
        let mut rng = self.rng(u64::MAX);
        let special = [
            (StaffId::SYSTEM, Access::Api, "(系统操作)"),
            (StaffId::USER, Access::User, "用户"),
        ];
        let ranks = [Access::Chief, Access::GroupLeader, Access::Dev]
            .into_iter()
            .chain([Access::FormalMember; 9])
            .chain(std::iter::repeat(Access::InformalMember));
        let members = self.staff_numbers().zip(ranks).map(|(number, access)| {
            let student = StudentId::from((FIRST_STAFF_STUDENT + number - 1).to_string());
            let mut member = StaffMember::new(staff_id(number), student, access);
            member.name = random_name(&mut rng);
            member
        });
        special
            .into_iter()
            .map(|(id, access, name)| {
                let mut member = StaffMember::new(StaffId::from(id), StudentId::from(id), access);
                name.clone_into(&mut member.name);
                member
            })
            .chain(members)
            .collect()
    }

    /// Returns the range of the numbers of staff members.
    pub(crate) fn staff_numbers(&self) -> std::ops::RangeInclusive<u64> {
        1..=(MIN_STAFF + self.tickets / 20_000).min(MAX_STAFF)
    }

    /// Returns the id of the ticket with this index.
    pub(crate) fn ticket_id(index: u64) -> Option<TicketId> {
        TicketId::new(FIRST_TICKET.checked_add_unsigned(index)?)
    }

    /// Returns a random number generator for one stream. A stream is a ticket index, or `u64::MAX` for the staff.
    pub(crate) fn rng(&self, stream: u64) -> Rng {
        // Similar seeds give similar numbers, so the final seed is itself a random number.
        let mut mixed = Rng::with_seed(self.seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Rng::with_seed(mixed.u64(..))
    }
}

/// Returns the id of a staff member, for example `W007`.
pub(crate) fn staff_id(number: u64) -> StaffId {
    StaffId::from(format!("W{number:03}"))
}

fn random_name(rng: &mut Rng) -> String {
    if rng.u8(..20) == 0 {
        return rng.choice(UNUSUAL_NAMES).unwrap_or_default().to_owned();
    }
    let surname = rng.choice(SURNAMES).unwrap_or_default();
    let given_name = rng.choice(GIVEN_NAMES).unwrap_or_default();
    format!("{surname}{given_name}")
}
