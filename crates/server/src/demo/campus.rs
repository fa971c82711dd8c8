//! The made-up campus: its people, and a term of tickets with the API document's example among them. It is the same at
//! every start.

use fastrand::Rng;
use wts_adapter_db::{Operator, Records, Student};
use wts_domain::{Access, StaffId, StudentId};

use super::{
    phrases::{GIVEN_NAMES, SURNAMES},
    term::Term,
};

const SEED: u64 = 20_251_206;
const STUDENTS: u32 = 240;
const STAFF: u32 = 16;
/// The student number of the first student, and of the first of the staff.
const FIRST_STUDENT: u32 = 2_024_310_001;
const FIRST_OF_STAFF: u32 = 2_022_310_001;
/// Who solves ticket 123 in the API document.
const SOLVER: usize = 7;

/// The campus and three people on it.
pub(super) struct Campus {
    /// What stands in its database.
    pub(super) records: Records,
    /// Who filed ticket 123.
    pub(super) issuer: Student,
    /// A student who did not.
    pub(super) another: Student,
    /// Who solved it.
    pub(super) operator: Student,
}

impl Campus {
    /// Makes the campus.
    pub(super) fn make() -> Self {
        let mut rng = Rng::with_seed(SEED);
        let issuer = somebody(&mut rng, FIRST_STUDENT);
        let another = somebody(&mut rng, FIRST_STUDENT + 1);
        let mut students = vec![issuer.clone(), another.clone()];
        students.extend((2..STUDENTS).map(|n| somebody(&mut rng, FIRST_STUDENT + n)));
        let staff: Vec<_> = (0..STAFF)
            .map(|n| somebody(&mut rng, FIRST_OF_STAFF + n))
            .collect();
        let operator = staff.get(SOLVER - 1).unwrap_or(&another).clone();

        let operators = operators(&staff);
        let (tickets, traces) = Term::new(rng, &issuer, &students, &operators).run();
        students.extend(staff);
        students.extend(
            [(StaffId::SYSTEM, "(系统操作)"), (StaffId::USER, "用户")].map(|(sid, name)| Student {
                sid: StudentId::from(sid),
                name: name.to_owned(),
            }),
        );
        Self {
            records: Records {
                students,
                operators,
                tickets,
                traces,
            },
            issuer,
            another,
            operator,
        }
    }
}

fn somebody(rng: &mut Rng, sid: u32) -> Student {
    let surname = rng.choice(SURNAMES).unwrap_or_default();
    let given_name = rng.choice(GIVEN_NAMES).unwrap_or_default();
    Student {
        sid: StudentId::from(sid.to_string()),
        name: format!("{surname}{given_name}"),
    }
}

/// The staff by number, from W001 on, and the two who are nobody and always there.
fn operators(staff: &[Student]) -> Vec<Operator> {
    let ranks = [Access::Chief, Access::GroupLeader, Access::Dev]
        .into_iter()
        .chain([Access::FormalMember; 9])
        .chain(std::iter::repeat(Access::InformalMember));
    let members = (1..)
        .zip(staff)
        .zip(ranks)
        .map(|((number, member), access)| Operator {
            wid: StaffId::from(format!("W{number:03}")),
            sid: member.sid.clone(),
            access,
        });
    let nobody = [
        (StaffId::SYSTEM, Access::Api),
        (StaffId::USER, Access::User),
    ]
    .map(|(id, access)| Operator {
        wid: StaffId::from(id),
        sid: StudentId::from(id),
        access,
    });
    members.chain(nobody).collect()
}

#[cfg(test)]
mod tests;
