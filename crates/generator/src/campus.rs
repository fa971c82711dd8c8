//! A campus and its people.

use fastrand::Rng;
use wts_domain::{Access, StaffId, StaffMember, StudentId, TicketId};

use crate::phrases::{GIVEN_NAMES, ODD_NAMES, SURNAMES};

/// The number of a campus's first ticket, which is the API document's example.
const FIRST_TICKET: i64 = 123;
/// The student number of the first student, and of the first of the staff.
const FIRST_STUDENT: u64 = 2_024_310_001;
const FIRST_OF_STAFF: u64 = 2_022_310_001;
const MIN_STUDENTS: u64 = 240;
const MIN_STAFF: u64 = 16;
/// Staff numbers have three digits.
const MAX_STAFF: u64 = 800;

/// A campus with sample data. The first of its tickets is the API document's example, word for word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Campus {
    /// The seed of all random numbers.
    pub seed: u64,
    /// How many tickets there are.
    pub tickets: u64,
    /// The number of days in which they are filed and worked on, from 2025-12-06 on; at least two.
    pub days: u32,
}

impl Campus {
    /// The `nth` student. The first one filed the API document's example.
    pub fn student(&self, nth: u64) -> StudentId {
        StudentId::from((FIRST_STUDENT + nth).to_string())
    }

    /// How many students there are.
    pub(crate) fn students(&self) -> u64 {
        (self.tickets / 4).max(MIN_STUDENTS)
    }

    /// The staff by staff number, the system and the user among them. W007 solved the API document's example.
    pub fn staff(&self) -> Vec<StaffMember> {
        let mut rng = self.rng(u64::MAX);
        let nobody = [
            (StaffId::SYSTEM, Access::Api, "(系统操作)"),
            (StaffId::USER, Access::User, "用户"),
        ];
        let ranks = [Access::Chief, Access::GroupLeader, Access::Dev]
            .into_iter()
            .chain([Access::FormalMember; 9])
            .chain(std::iter::repeat(Access::InformalMember));
        let members = self.members().zip(ranks).map(|(number, access)| {
            let student = StudentId::from((FIRST_OF_STAFF + number - 1).to_string());
            let mut member = StaffMember::new(staff_number(number), student, access);
            member.name = name(&mut rng);
            member
        });
        nobody
            .into_iter()
            .map(|(id, access, name)| {
                let mut member = StaffMember::new(StaffId::from(id), StudentId::from(id), access);
                name.clone_into(&mut member.name);
                member
            })
            .chain(members)
            .collect()
    }

    /// The numbers of the staff members who are people.
    pub(crate) fn members(&self) -> std::ops::RangeInclusive<u64> {
        1..=(MIN_STAFF + self.tickets / 20_000).min(MAX_STAFF)
    }

    /// The number of the `nth` ticket.
    pub(crate) fn ticket(nth: u64) -> Option<TicketId> {
        TicketId::new(FIRST_TICKET.checked_add_unsigned(nth)?)
    }

    /// A generator of random numbers for one ticket, or for something else with a number of its own.
    pub(crate) fn rng(&self, number: u64) -> Rng {
        // Neighbouring seeds give similar numbers.
        let mut mixed = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Rng::with_seed(mixed.u64(..))
    }
}

pub(crate) fn staff_number(number: u64) -> StaffId {
    StaffId::from(format!("W{number:03}"))
}

fn name(rng: &mut Rng) -> String {
    if rng.u8(..20) == 0 {
        return rng.choice(ODD_NAMES).unwrap_or_default().to_owned();
    }
    let surname = rng.choice(SURNAMES).unwrap_or_default();
    let given_name = rng.choice(GIVEN_NAMES).unwrap_or_default();
    format!("{surname}{given_name}")
}
