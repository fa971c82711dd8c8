//! People.

use std::collections::{BTreeMap, BTreeSet};

use wts_app::{BulkError, Entry, Place};
use wts_domain::{StaffMember, Ticket};

use super::{PostgresSink, as_count, failed};
use crate::{bulk::differences, postgres::bulk::lookups};

/// People who are not there yet, and the names of those who are known until now only as somebody who filed tickets.
const PUT_STUDENTS: &str =
    "insert into data.students as s (sid, name) select * from unnest($1::text[], $2::text[])
    on conflict (sid) do update set name = excluded.name where s.name = '' and excluded.name <> ''
        and not exists (select from wts.operators o where o.sid = s.sid)";
const PUT_ISSUERS: &str =
    "insert into data.students (sid, name) select unnest($1::text[]), '' on conflict do nothing";
const PUT_OPERATORS: &str = "insert into wts.operators (wid, sid, access)
    select * from unnest($1::text[], $2::text[], $3::text[])";

impl PostgresSink {
    pub(super) async fn put_staff(
        &mut self,
        staff: &[(&Entry, &StaffMember)],
    ) -> Result<(), BulkError> {
        if staff.is_empty() {
            return Ok(());
        }
        // Of two with one student number the second is found to contradict what is there by then.
        let mut names = BTreeMap::new();
        for (_, member) in staff {
            names
                .entry(member.student.as_str())
                .or_insert(member.name.as_str());
        }
        let (sids, names): (Vec<_>, Vec<_>) = names.into_iter().unzip();
        self.client
            .execute(PUT_STUDENTS, &[&sids, &names])
            .await
            .map_err(failed)?;

        let wids: Vec<_> = staff.iter().map(|(_, member)| member.id.as_str()).collect();
        let found = lookups::staff(&self.client, &wids, &sids).await?;
        let by_number: BTreeMap<_, _> = found.iter().map(|there| (&there.id, there)).collect();
        let by_student: BTreeMap<_, _> =
            found.iter().map(|there| (&there.student, there)).collect();
        let mut taken = BTreeSet::new();
        let (mut wids, mut sids, mut ranks) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, member) in staff {
            let there = by_number
                .get(&member.id)
                .or_else(|| by_student.get(&member.student));
            if let Some(there) = there {
                self.faults
                    .extend(differences(&Place::of(entry), *member, there));
                self.stored.known.staff += 1;
            } else if taken.insert(&member.student) {
                wids.push(member.id.as_str());
                sids.push(member.student.as_str());
                ranks.push(member.access.as_str());
            } else {
                let place = Place::of(entry).field("sid");
                self.faults
                    .push(place.fault("somebody else of the staff has this number"));
            }
        }
        self.client
            .execute(PUT_OPERATORS, &[&wids, &sids, &ranks])
            .await
            .map_err(failed)?;
        self.stored.new.staff += as_count(wids.len());
        // A student may have had another name there all along.
        self.compare_names(staff).await
    }

    async fn compare_names(&mut self, staff: &[(&Entry, &StaffMember)]) -> Result<(), BulkError> {
        if !self.faults.is_empty() {
            return Ok(());
        }
        let wids: Vec<_> = staff.iter().map(|(_, member)| member.id.as_str()).collect();
        let found = lookups::staff(&self.client, &wids, &[]).await?;
        let there: BTreeMap<_, _> = found.iter().map(|there| (&there.id, there)).collect();
        for (entry, member) in staff {
            if let Some(there) = there.get(&member.id) {
                self.faults
                    .extend(differences(&Place::of(entry), *member, there));
            }
        }
        Ok(())
    }

    pub(super) async fn put_issuers(
        &mut self,
        tickets: &[(&Entry, &Ticket)],
    ) -> Result<(), BulkError> {
        let mut issuers: Vec<_> = tickets
            .iter()
            .map(|(_, ticket)| ticket.issuer.as_str())
            .collect();
        issuers.sort_unstable();
        issuers.dedup();
        self.client
            .execute(PUT_ISSUERS, &[&issuers])
            .await
            .map_err(failed)?;
        Ok(())
    }
}
