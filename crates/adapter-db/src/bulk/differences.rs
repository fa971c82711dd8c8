//! Records that are to be brought in, beside those of the same number that are there.

use std::fmt::Display;

use wts_app::{Entry, Fault, Place};
use wts_domain::{StaffMember, Ticket, Trace};

/// Two records that should be the same.
pub(crate) trait Comparable {
    /// Adds what is different.
    fn compare(&self, there: &Self, differences: &mut Differences<'_>);
}

/// What is different, field by field, between a record that stands at `place` and the one of the same number that is
/// there.
pub(crate) fn differences<R: Comparable>(place: &Place, here: &R, there: &R) -> Vec<Fault> {
    let mut differences = Differences {
        place,
        faults: Vec::new(),
    };
    here.compare(there, &mut differences);
    differences.faults
}

/// A ticket that is there with another number of traces than it has in what is to be brought in.
pub(crate) fn missing_there(place: &Place, here: u64, there: u64) -> Fault {
    let problem = format!("{here} traces here, {there} there");
    place.clone().field("traces").fault(problem)
}

/// A record whose number an earlier one of the same stream has.
pub(crate) fn taken(entry: &Entry, field: &str) -> Fault {
    let problem = "the same number stands in a line before";
    Place::of(entry).field(field).fault(problem)
}

/// A trace of somebody who is of no staff.
pub(crate) fn unknown_staff(entry: &Entry, op: &str) -> Fault {
    let problem =
        format!("expected the number of somebody of the staff, here or there, not {op:?}");
    Place::of(entry).field("op").fault(problem)
}

pub(crate) struct Differences<'a> {
    place: &'a Place,
    faults: Vec<Fault>,
}

impl Differences<'_> {
    fn value<T: PartialEq + Display>(&mut self, field: &str, here: &T, there: &T) {
        if here != there {
            self.add(field, format!("{here} here, {there} there"));
        }
    }

    fn optional<T: PartialEq + Display>(&mut self, field: &str, here: Option<T>, there: Option<T>) {
        if here != there {
            let told =
                |value: Option<T>| value.map_or_else(|| "nothing".to_owned(), |v| v.to_string());
            self.add(field, format!("{} here, {} there", told(here), told(there)));
        }
    }

    /// What people are called and what they say is nobody's business but that of who reads the record itself.
    fn text<T: PartialEq>(&mut self, field: &str, here: &T, there: &T) {
        if here != there {
            self.add(field, "another text is there".to_owned());
        }
    }

    fn add(&mut self, field: &str, problem: String) {
        self.faults
            .push(self.place.clone().field(field).fault(problem));
    }
}

impl Comparable for StaffMember {
    fn compare(&self, there: &Self, differences: &mut Differences<'_>) {
        differences.text("wid", &self.id, &there.id);
        differences.text("sid", &self.student, &there.student);
        differences.value("access", &self.access, &there.access);
        differences.text("name", &self.name, &there.name);
    }
}

impl Comparable for Ticket {
    fn compare(&self, there: &Self, differences: &mut Differences<'_>) {
        differences.text("issuer", &self.issuer, &there.issuer);
        differences.value("submitted_at", &self.submitted_at, &there.submitted_at);
        differences.value("category", &self.category, &there.category);
        differences.text("description", &self.description, &there.description);
        differences.optional("occur_at", self.occur_at, there.occur_at);
        differences.text("notes", &self.notes, &there.notes);
        differences.optional("appointed_at", self.appointed_at, there.appointed_at);
        differences.value("priority", &self.priority, &there.priority);
        differences.value("status", &self.status, &there.status);
        differences.optional(
            "last_updated_at",
            self.last_updated_at,
            there.last_updated_at,
        );
    }
}

impl Comparable for Trace {
    fn compare(&self, there: &Self, differences: &mut Differences<'_>) {
        differences.value("tid", &self.ticket, &there.ticket);
        differences.value("updated_at", &self.updated_at, &there.updated_at);
        differences.text("op", &self.op, &there.op);
        differences.optional("new_status", self.new_status, there.new_status);
        differences.optional("new_priority", self.new_priority, there.new_priority);
        differences.optional(
            "new_appointment",
            self.new_appointment,
            there.new_appointment,
        );
        differences.optional("new_category", self.new_category, there.new_category);
        differences.text("remark", &self.remark, &there.remark);
    }
}
